/** The output beside the timeline: of the running step, unless another is chosen. */
import { Button, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useOperationsStore } from '../app/live'
import { useTRPC } from '../app/trpc'
import type { OutputLog } from './output-log'
import { OutputTerminal } from './output-terminal'
import { stepTitle } from './titles'
import classes from './output.module.css'

interface OutputPanelProps {
  id: string
  step: string | undefined
  /** Goes back to the running step; absent while it is that one. */
  onFollow?: () => void
}

export function OutputPanel({ id, step, onFollow }: OutputPanelProps) {
  const log = useOperationsStore().log(id)
  const trpc = useTRPC()
  const { data } = useQuery(trpc.operations.output.queryOptions({ id }, { enabled: !log.complete, staleTime: Infinity }))
  useEffect(() => { if (data && !log.complete) log.replace(data) }, [data, log])
  const printed = useHasOutput(log, step)
  return (
    <section className={`card ${classes.panel}`} aria-label="Output">
      <div className={classes.head}>
        <Title order={2}>Output {step && <span className="dimmed">· {stepTitle(step)}</span>}</Title>
        {onFollow && <Button size="compact-xs" variant="subtle" onClick={onFollow}>Show the running step</Button>}
      </div>
      {step && printed
        ? <OutputTerminal log={log} step={step} label={`Output of: ${stepTitle(step)}`} />
        : <div className={classes.none}>{step ? 'This step prints nothing.' : 'Nothing has run yet.'}</div>}
    </section>
  )
}

function useHasOutput(log: OutputLog, step: string | undefined): boolean {
  const has = (): boolean => log.chunks.some(it => it.step === step)
  const [printed, setPrinted] = useState(has)
  useEffect(() => {
    setPrinted(has())
    return log.subscribe(() => { setPrinted(before => before || has()) })
  }, [log, step]) // eslint-disable-line react-hooks/exhaustive-deps
  return printed
}
