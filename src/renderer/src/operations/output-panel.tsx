/** The output next to the timeline: of the running step, unless another one is selected. */
import { Button, Title } from '@mantine/core'
import { useEffect, useSyncExternalStore } from 'react'
import { useOperationsStore } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPCClient } from '../app/trpc'
import type { OutputLog } from './output-log'
import { stepTitle } from '../../../shared/jobs/words'
import { later, Part } from '../app/later'
import classes from './output.module.css'

const OutputTerminal = later(() => import('./output-terminal').then(it => it.OutputTerminal))

interface OutputPanelProps {
  /** The operation's kind. */
  kind: string
  log: OutputLog
  step: string | undefined
  /** Returns to the running step; absent if that is the one shown. */
  onFollow?: () => void
}

/** The output of an operation, including what was printed before this window opened. */
export function useOutput(id: string): OutputLog {
  const log = useOperationsStore().log(id)
  const client = useTRPCClient()
  const complete = useSyncExternalStore(log.subscribe, () => log.complete)
  useEffect(() => {
    if (complete) return
    const asked = new AbortController()
    client.operations.output.query({ id }, { signal: asked.signal }).then(
      kept => log.catchUp(kept),
      error => {
        if (!asked.signal.aborted) notifyProblem(error)
      },
    )
    return () => asked.abort()
  }, [complete, client, id, log])
  return log
}

export function OutputPanel({ kind, log, step, onFollow }: OutputPanelProps) {
  const printed = useSyncExternalStore(log.subscribe, () => step !== undefined && log.has(step))
  return (
    <section className={`card ${classes.panel}`} aria-label="Output">
      <div className={classes.head}>
        <Title order={2}>Output {step && <span className="dimmed">· {stepTitle(kind, step)}</span>}</Title>
        {onFollow && (
          <Button size="compact-xs" variant="subtle" onClick={onFollow}>
            Show running step
          </Button>
        )}
      </div>
      {step && printed ? (
        <Part>
          <OutputTerminal log={log} step={step} label={`Output of: ${stepTitle(kind, step)}`} />
        </Part>
      ) : (
        <div className={classes.none}>{step ? 'No output from this step.' : 'Nothing has run yet.'}</div>
      )}
    </section>
  )
}
