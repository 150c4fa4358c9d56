/** One operation: its steps and output while it runs, what came of it afterwards. */
import { Anchor, Button } from '@mantine/core'
import { IconFileText, IconHistoryOff } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState, useSyncExternalStore } from 'react'
import { Link } from 'wouter'
import { duration } from '../../../shared/amounts'
import { manyKind } from '../../../shared/many'
import { isOpen, type OperationState } from '../../../shared/operation'
import { confirm } from '../app/confirm'
import { useOperations } from '../app/live'
import { notifyProblem } from '../app/notify'
import { EmptyState, Page } from '../app/page'
import { Elapsed, when } from '../app/time'
import { useTRPC } from '../app/trpc'
import { Outcome } from './outcome'
import { OutputPanel, useOutput } from './output-panel'
import { isPastReturn } from './pivots'
import { Timeline } from './timeline'
import { headline, titlesOf } from '../../../shared/titles'
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
        title="No such operation"
        action={
          <Button component={Link} href="/activity" variant="default">
            Open Activity
          </Button>
        }
      >
        <p>Its journal is gone, or it belongs to another workspace.</p>
      </EmptyState>
    </Page>
  )
}

function Known({ operation }: { operation: OperationState }) {
  const [chosen, setChosen] = useState<string>()
  const log = useOutput(operation.id)
  const open = isOpen(operation)
  const printed = useSyncExternalStore(log.subscribe, () => operation.steps.findLast(it => log.has(it.name))?.name)
  // Once nothing runs, what was printed last is of more use than the empty output of the step it stopped at.
  const running = open && operation.phase !== 'stuck' ? activeStep(operation) : printed
  const step = chosen ?? running
  // A short job that prints nothing has no need of an empty pane.
  const shown = printed !== undefined || (operation.phase === 'running' && talkative.has(operation.kind))
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
            log={log}
            step={step}
            onFollow={chosen && chosen !== running && open ? () => setChosen(undefined) : undefined}
          />
        )}
      </div>
    </Page>
  )
}

/** Kinds that call tools, whose output comes soon. */
const talkative: ReadonlySet<string> = new Set(['create', 'infrastructure-start'])

/** The step that runs; once nothing does, the one that ran last. */
function activeStep({ steps }: OperationState): string | undefined {
  const active = steps.findLast(it => it.status === 'doing' || it.status === 'undoing' || it.status === 'stuck')
  return (active ?? steps.findLast(it => it.startedAt))?.name
}

function Lead({ operation }: { operation: OperationState }) {
  const { steps, openedAt, settledAt } = operation
  if (settledAt) {
    const took = `${when(openedAt)}, took ${duration(Date.parse(settledAt) - Date.parse(openedAt))}`
    return operation.phase === 'rolled-back' && operation.kind !== manyKind
      ? `${took}. Everything was rolled back.`
      : took
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

function Cancel({ operation }: { operation: OperationState }) {
  const trpc = useTRPC()
  const cancel = useMutation(trpc.operations.cancel.mutationOptions({ onError: notifyProblem }))
  const ask = (): void => {
    confirm({
      title: `Cancel: ${titlesOf(operation).noun}?`,
      children: cancelMeaning(operation),
      confirm: operation.kind === manyKind ? 'Cancel the rest' : 'Cancel and undo',
      cancel: 'Let it run',
      onConfirm: () => cancel.mutate({ id: operation.id }),
    })
  }
  return (
    <Button variant="default" onClick={ask} loading={cancel.isPending}>
      Cancel…
    </Button>
  )
}

function cancelMeaning({ kind }: OperationState): string {
  switch (kind) {
    case 'create':
      return 'Everything created so far will be removed: the database and its role, the files, the process, and the reserved name and port. Nothing else is touched.'
    case manyKind:
      return 'The instances still waiting are left alone. Those under way are finished, and those already done stay as they are.'
    default:
      return 'Everything done so far will be undone, newest first.'
  }
}
