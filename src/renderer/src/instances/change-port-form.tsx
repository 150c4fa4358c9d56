/**
 * Changes an instance's port or HOST. Checks the port while it is typed, names what occupies it, and says what will
 * happen.
 */
import { Button, Checkbox, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { hosts, portSchema } from '../../../shared/instance'
import { isOurs, type PortHolder } from '../../../shared/ports'
import { changePortJob } from '../../../shared/jobs/lifecycle'
import type { Problem } from '../../../shared/problem'
import { useInstances, useRunning } from '../app/live'
import { focusFault } from '../app/focus-fault'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import { HostChoice } from './host-choice'
import { PortTaken } from './port-taken'
import classes from './dialogs.module.css'

export function ChangePortForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const { send } = useJobs()
  const instance = useInstances().data?.instances.find(it => it.name === name)
  const running = useRunning().has(name)
  const [typed, setTyped] = useState('')
  const [share, setShare] = useState(false)
  const [chosen, setChosen] = useState<string>()
  const details = useQuery(trpc.instances.details.queryOptions({ name }))
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [settled] = useDebouncedValue(typed, 200)
  const port = toPort(settled)
  const suggestion = useQuery(trpc.instances.suggestPort.queryOptions(undefined, { staleTime: 0 }))
  const valid = portSchema.safeParse(port)
  const check = useQuery(trpc.instances.checkPort.queryOptions({ port }, { enabled: valid.success, staleTime: 0 }))
  if (!instance) return <p>“{name}” no longer exists.</p>

  const host = details.data?.env.find(it => it.key === 'HOST')?.value
  const newHost = hosts.find(it => it === chosen && it !== host)
  const same = (typed === '' && newHost !== undefined) || toPort(typed) === instance.port
  const holders = typed === settled && valid.success && !same ? (check.data?.holders ?? []) : []
  const blocking = running && holders.some(isRunning)
  const error =
    same && newHost
      ? undefined
      : !typed
        ? 'Enter a port.'
        : same
          ? `It is already on port ${instance.port}.`
          : portSchema.safeParse(toPort(typed)).error?.issues[0]?.message
  const free = !error && !same && typed === settled && check.data?.port === port && !holders.length
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (
      error ||
      typed !== settled ||
      check.isFetching ||
      blocking ||
      isOurs(holders) ||
      (holders.length > 0 && !share)
    ) {
      focusFault(event.currentTarget)
      return
    }
    setSending(true)
    send({ kind: changePortJob.kind, name, port: same ? instance.port : port, allowSharedPort: share, host: newHost })
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Change the port">
      <TextInput
        label="New port"
        description={`Now ${instance.port}.${suggestion.data ? ` The next free one is ${suggestion.data}.` : ''}`}
        inputMode="numeric"
        autoComplete="off"
        maxLength={6}
        value={typed}
        error={(typed || tried) && error}
        onChange={event => {
          setTyped(event.currentTarget.value.trim())
          setProblem(undefined)
          setShare(false)
        }}
        data-autofocus
        rightSectionWidth={110}
        rightSection={
          suggestion.data && typed !== String(suggestion.data) ? (
            <Button size="compact-xs" variant="subtle" onClick={() => setTyped(String(suggestion.data))}>
              Use {suggestion.data}
            </Button>
          ) : undefined
        }
      />
      <div aria-live="polite" className={classes.check}>
        {free && <p className="dimmed">Port {port} is free.</p>}
        {holders.length > 0 && (
          <PortTaken port={port} holders={holders} free={suggestion.data} onUse={it => setTyped(String(it))}>
            {blocking ? (
              <p className={classes.plain}>
                {name} is running, and only one of them can run on a port. Stop one first, or choose another port.
              </p>
            ) : (
              <Checkbox
                label="Share it"
                description="Only one of them can run at a time. Starting one offers to stop the other."
                checked={share}
                onChange={event => setShare(event.currentTarget.checked)}
                error={tried && !share ? 'Choose another port, or share this one.' : undefined}
              />
            )}
          </PortTaken>
        )}
      </div>
      <HostChoice value={chosen ?? host ?? ''} onChange={setChosen} />
      <p className="dimmed">
        {running
          ? `${name} will restart and be unavailable for a few seconds. If it isn’t healthy afterwards, everything is put back.`
          : `${name} isn’t running. The change takes effect at its next start.`}
      </p>
      {check.error && <ProblemView problem={problemOf(check.error)} onRetry={() => void check.refetch()} />}
      {problem && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending} disabled={blocking}>
          {running ? 'Change and restart' : 'Change'}
        </Button>
      </div>
    </form>
  )
}

const toPort = (text: string): number => (/^\d{1,6}$/.test(text) ? Number(text) : NaN)
const isRunning = (it: PortHolder): boolean => it.type === 'process' || (it.type === 'instance' && it.running)
