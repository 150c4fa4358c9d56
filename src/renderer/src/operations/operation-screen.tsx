/** One operation: its steps and output while it runs, and its result afterwards. */
import { Anchor, Button } from '@mantine/core'
import { IconFileText, IconHistoryOff } from '@tabler/icons-react'
import { useState, useSyncExternalStore } from 'react'
import { Link } from 'wouter'
import { duration } from '../../../shared/amounts'
import { jobOf } from '../../../shared/jobs'
import { isOpen, type OperationState } from '../../../shared/operation'
import { useOperations } from '../app/live'
import { EmptyState, Page } from '../app/page'
import { Elapsed, when } from '../app/time'
import { Cancel } from './cancel'
import { Outcome } from './outcome'
import { OutputPanel, useOutput } from './output-panel'
import { Timeline } from './timeline'
import { headline, isPastReturn, isUndone } from '../../../shared/jobs/words'
import classes from './operation.module.css'

export function OperationScreen({ id }: { id: string }) {
  const { operations, ready } = useOperations()
  const operation = operations.find(it => it.id === id)
  if (operation) return <Known operation={operation} />
  if (!ready) return null
  return (
    <Page title="Not found">
      <EmptyState
        icon={<IconHistoryOff size={28} />}
        title="Operation not found"
        action={
          <Button component={Link} href="/activity" variant="default">
            Open Activity
          </Button>
        }
      >
        <p>Its journal was deleted, or it belongs to another workspace.</p>
      </EmptyState>
    </Page>
  )
}

function Known({ operation }: { operation: OperationState }) {
  const [chosen, setChosen] = useState<string>()
  const log = useOutput(operation.id)
  const open = isOpen(operation)
  const printed = useSyncExternalStore(log.subscribe, () => operation.steps.findLast(it => log.has(it.name))?.name)
  // Once nothing is running, the last output is more useful than the empty output of the step it stopped at.
  const running = open && operation.phase !== 'stuck' ? activeStep(operation) : printed
  const step = chosen ?? running
  // A short job that prints nothing doesn't need an empty pane.
  const shown = printed !== undefined || (operation.phase === 'running' && jobOf(operation.kind)?.prints)
  const actions = (
    <>
      <Button
        component={Link}
        href={`/logs/operation.${operation.id}`}
        variant="default"
        leftSection={<IconFileText size={16} aria-hidden />}
      >
        Log
      </Button>
      {operation.phase === 'running' && !isPastReturn(operation) && <Cancel operation={operation} />}
    </>
  )
  return (
    <Page fill title={headline(operation)} lead={<Lead operation={operation} />} actions={actions}>
      <Outcome operation={operation} />
      <div className={shown ? classes.columns : classes.column}>
        <section className={`card ${classes.steps}`} aria-label="Progress">
          <Timeline
            operation={operation}
            selected={shown ? step : undefined}
            onSelect={shown ? setChosen : undefined}
          />
        </section>
        {shown && (
          <OutputPanel
            kind={operation.kind}
            log={log}
            step={step}
            onFollow={chosen && chosen !== running && open ? () => setChosen(undefined) : undefined}
          />
        )}
      </div>
    </Page>
  )
}

/** The running step, or else the one that ran last. */
function activeStep({ steps }: OperationState): string | undefined {
  const active = steps.findLast(it => it.status === 'doing' || it.status === 'undoing' || it.status === 'stuck')
  return (active ?? steps.findLast(it => it.startedAt))?.name
}

function Lead({ operation }: { operation: OperationState }) {
  const { steps, openedAt, settledAt } = operation
  if (settledAt) {
    const took = `${when(openedAt)}, took ${duration(Date.parse(settledAt) - Date.parse(openedAt))}`
    return isUndone(operation) ? `${took}. Everything was rolled back.` : took
  }
  const done = steps.filter(it => it.status === 'done').length
  return (
    <>
      {operation.phase === 'undoing' ? 'Undoing' : `${done} of ${steps.length} steps done`} ·{' '}
      <Elapsed since={openedAt} /> · You can leave this screen;{' '}
      <Anchor component={Link} href="/activity" inherit underline="always">
        Activity
      </Anchor>{' '}
      keeps track of it.
    </>
  )
}
