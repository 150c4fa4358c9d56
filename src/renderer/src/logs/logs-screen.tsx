/** Logs side by side, one per pane. The panes are part of the address, so they can be linked to and opened in a window. */
import { ActionIcon, Button, Tooltip, UnstyledButton } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconChevronDown, IconColumnInsertRight, IconFileText, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import type { LogSource } from '../../../shared/log'
import { EmptyState, Page } from '../app/page'
import { useOperations } from '../app/live'
import { LogView } from './log-view'
import { useLogWindow } from './log-window'
import { othersOf } from './moment-panes'
import { SourceMenu } from './source-menu'
import { panesOf, panesText, sourceKey, sourceTitle, type Pane } from './sources'
import classes from './logs.module.css'

/** Maximum number of panes. */
const mostPanes = 3

interface LogsScreenProps {
  /** The part of the address that describes the panes. */
  address: string
  /** In a window of its own, without navigation. */
  alone?: boolean
}

export function LogsScreen({ address, alone = false }: LogsScreenProps) {
  const [, navigate] = useLocation()
  const [last, setLast] = useLocalStorage({ key: 'logs.panes', defaultValue: '', getInitialValueInEffect: false })
  const openWindow = useLogWindow()
  const { operations } = useOperations()
  // A pane's moment isn't remembered: coming back starts at the end.
  const [panes, setPanes] = useState<readonly Pane[]>(() => panesOf(address || last))
  const [known, setKnown] = useState(address)
  if (known !== address) {
    // a link or the back button
    setKnown(address)
    if (address !== panesText(panes.map(withoutMoment))) setPanes(panesOf(address || last))
  }
  const text = panesText(panes.map(withoutMoment))
  useEffect(() => {
    if (!alone && text) setLast(text)
    if (text !== address) navigate(`${alone ? '/window/logs' : '/logs'}/${text}`, { replace: true })
  }, [text, address, alone, navigate, setLast])

  const put = (index: number, pane: Pane): void => setPanes(it => it.map((other, at) => (at === index ? pane : other)))
  const add = (source: LogSource): void => setPanes(it => [...it, { source }])
  /** Moves all other panes to the moment. If there are none, opens the logs likely to know more. */
  const showMoment = (index: number, at: number): void =>
    setPanes(it => {
      const own = it[index]
      if (!own) return it
      if (it.length > 1) return it.map((pane, other) => (other === index ? pane : { ...pane, at }))
      return [
        own,
        ...othersOf(own.source)
          .slice(0, mostPanes - 1)
          .map(source => ({ source, at })),
      ]
    })
  const addButton = panes.length < mostPanes && (
    <SourceMenu onChoose={add}>
      <Button variant="default" leftSection={<IconColumnInsertRight size={16} aria-hidden />}>
        {panes.length ? 'Add a pane' : 'Choose a log'}
      </Button>
    </SourceMenu>
  )
  const names = panes.map(it => sourceTitle(it.source, operations)).join(', ')
  const view = (
    <div className={classes.panes} data-alone={alone || undefined}>
      {panes.map((pane, index) => (
        <LogView
          key={keyOf(panes, index)}
          pane={pane}
          onPane={it => put(index, it)}
          onMoment={at => showMoment(index, at)}
          onWindow={alone && panes.length === 1 ? undefined : it => openWindow([it])}
          title={
            <SourceMenu onChoose={source => put(index, { source })}>
              <UnstyledButton
                className={classes.source}
                aria-label={`Log: ${sourceTitle(pane.source, operations)}. Choose another`}
              >
                <span>{sourceTitle(pane.source, operations)}</span>
                <IconChevronDown size={15} aria-hidden />
              </UnstyledButton>
            </SourceMenu>
          }
          end={
            panes.length > 1 && (
              <Tooltip label="Close this pane">
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={30}
                  aria-label={`Close the pane ${sourceTitle(pane.source, operations)}`}
                  onClick={() => setPanes(it => it.filter(other => other !== pane))}
                >
                  <IconX size={16} />
                </ActionIcon>
              </Tooltip>
            )
          }
        />
      ))}
    </div>
  )
  if (alone) return <Alone names={names}>{view}</Alone>
  return (
    <Page title="Logs" fill wide actions={panes.length > 0 && addButton}>
      {panes.length > 0 ? (
        view
      ) : (
        <EmptyState icon={<IconFileText size={28} />} title="All logs, side by side" action={addButton}>
          <p>
            The logs of instances, PostgreSQL, PgBouncer, operations and this app, live and as far back as they are
            kept. Search them, filter by errors or time, and open up to three side by side.
          </p>
        </EmptyState>
      )}
    </Page>
  )
}

function Alone({ names, children }: { names: string; children: React.ReactNode }) {
  useEffect(() => {
    document.title = `Logs: ${names} – Instance Manager`
  }, [names])
  return (
    <>
      <h1 className={classes.hidden}>Logs: {names}</h1>
      {children}
    </>
  )
}

const withoutMoment = ({ source, errorsOnly }: Pane): Pane => ({ source, errorsOnly })

/** React key of a pane. The same log may be in two panes, and changing its stream must not remount it. */
function keyOf(panes: readonly Pane[], index: number): string {
  const key = (pane: Pane | undefined): string => (pane ? sourceKey(pane.source) : '')
  const same = panes.slice(0, index).filter(it => key(it) === key(panes[index])).length
  return `${key(panes[index])}#${same}`
}
