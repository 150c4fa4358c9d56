/** Logs side by side: each pane shows one. Which ones is in the address, so that a window or a link can have them. */
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

/** Side by side, at most. */
const mostPanes = 3

interface LogsScreenProps {
  /** What stands in the address after the place. */
  address: string
  /** In a window of its own there is nothing else. */
  alone?: boolean
}

export function LogsScreen({ address, alone = false }: LogsScreenProps) {
  const [, navigate] = useLocation()
  const [last, setLast] = useLocalStorage({ key: 'logs.panes', defaultValue: '', getInitialValueInEffect: false })
  const openWindow = useLogWindow()
  const { operations } = useOperations()
  // The moment that a pane is sent to is no part of where one is: coming back begins at the end.
  const [panes, setPanes] = useState<readonly Pane[]>(() => panesOf(address || last))
  const [known, setKnown] = useState(address)
  if (known !== address) {
    // a link, or back
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
  /** All other panes go to the moment; where there is none, those open that may know more. */
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
        <EmptyState icon={<IconFileText size={28} />} title="Logs of everything, side by side" action={addButton}>
          <p>
            What the instances, PostgreSQL, PgBouncer, the operations and this app have written: live, and as far back
            as it is kept. Search it, narrow it down to errors or a time, and lay up to three next to each other.
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

/** The same log may be in two panes; another stream of it is no other pane. */
function keyOf(panes: readonly Pane[], index: number): string {
  const key = (pane: Pane | undefined): string => (pane ? sourceKey(pane.source) : '')
  const same = panes.slice(0, index).filter(it => key(it) === key(panes[index])).length
  return `${key(panes[index])}#${same}`
}
