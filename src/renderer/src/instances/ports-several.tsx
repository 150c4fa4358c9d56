/** Moves several instances to free ports, one after the other. */
import { Button, Skeleton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { portSchema } from '../../../shared/instance'
import { changePortManyJob, changingPortsWords } from '../../../shared/jobs/ports'
import type { Problem } from '../../../shared/problem'
import { useInstances, useRunning } from '../app/live'
import { NumberField } from '../app/number-field'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import dialogs from './dialogs.module.css'
import { severalDialog, type SeveralProps } from './several'
import classes from './several.module.css'

function Form({ names, skipped, onClose }: SeveralProps) {
  const trpc = useTRPC()
  const { sendSeveral } = useJobs()
  const alive = useRunning()
  const those = (useInstances().data?.instances ?? []).filter(it => names.includes(it.name))
  const suggestion = useQuery(trpc.instances.suggestPort.queryOptions(undefined, { staleTime: 0 }))
  const [typed, setTyped] = useState<string>()
  const text = typed ?? String(suggestion.data ?? '')
  const [settled] = useDebouncedValue(text, 200)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const first = portSchema.safeParse(Number(text))
  const free = useQuery(
    trpc.instances.suggestPorts.queryOptions(
      { from: Number(settled), count: names.length },
      { enabled: first.success && settled === text, staleTime: 0 },
    ),
  )
  const ports = first.success && settled === text ? free.data : undefined
  const running = names.filter(it => alive.has(it)).length
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!ports) return
    setSending(true)
    setProblem(undefined)
    const items = names.flatMap((name, index) => {
      const port = ports[index]
      return port === undefined ? [] : [{ name, port }]
    })
    sendSeveral({ kind: changePortManyJob.kind, items }, { ...changingPortsWords, count: names.length, skipped })
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Change the ports">
      <NumberField
        label="First port"
        description="They get this one and the next ones. Ports that are taken are left out."
        typed={text}
        onType={setTyped}
        error={typed !== undefined && !first.success && (first.error.issues[0]?.message ?? 'Not a port.')}
        data-autofocus
      />
      {first.success && !ports && !free.error && <Skeleton height={120} />}
      {free.error && <ProblemView problem={problemOf(free.error)} onRetry={() => void free.refetch()} />}
      {ports && (
        <ul className={classes.rows} tabIndex={0} aria-label="New ports">
          {names.map((name, index) => (
            <li key={name}>
              <strong>{name}</strong>
              <span className={classes.change}>
                <span className="dimmed">{those.find(it => it.name === name)?.port} →</span> {ports[index]}
              </span>
            </li>
          ))}
        </ul>
      )}
      <p className="dimmed">
        {running > 0
          ? `${runningWords(running, names.length)} and can’t be used for a few seconds. Any that isn’t healthy on its new port goes back to the old one.`
          : 'None of them is running. The change takes effect at the next start.'}
      </p>
      {problem && <ProblemView problem={problem} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending} disabled={!ports}>
          {running > 0 ? 'Change and restart' : 'Change'}
        </Button>
      </div>
    </form>
  )
}

export const portsSeveral = severalDialog('Change the ports of', 480, Form)

const runningWords = (running: number, all: number): string =>
  running === 1
    ? 'One of them is running. It will restart'
    : `${running === all ? 'They are all' : `${running} of them are`} running. They will restart, four at a time,`
