/** Edits an instance's environment. */
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { whyOwned } from '../../../shared/environment'
import type { InstanceDetails } from '../../../shared/instance'
import { environmentJob } from '../../../shared/jobs/environment'
import type { Problem } from '../../../shared/problem'
import { runs } from '../../../shared/status'
import { useInstances } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { useJobs } from '../jobs/jobs'
import { EffectButtons, effectOf } from './effect'
import { changesOf, hasErrors, rowsOf, type Row } from './rows'
import { Variables } from './table'
import classes from './environment.module.css'

export function EnvironmentForm({ name, onClose }: { name: string; onClose: () => void }) {
  const found = useQuery(useTRPC().instances.details.queryOptions({ name }, { staleTime: 0, gcTime: 0 }))
  const [opened, setOpened] = useState<InstanceDetails>()
  // What was read first stays: a later answer must not replace what has been typed.
  if (!opened && found.data && !found.isFetching) setOpened(found.data)
  if (opened) return <Fields details={opened} onClose={onClose} />
  if (found.error) return <ProblemView problem={problemOf(found.error)} onRetry={() => void found.refetch()} />
  return <Skeleton height={320} radius="md" aria-label="Loading" />
}

function Fields({ details: { name, env, envFile }, onClose }: { details: InstanceDetails; onClose: () => void }) {
  const client = useTRPCClient()
  const { send } = useJobs()
  const status = useInstances().data?.instances.find(it => it.name === name)?.status
  const running = status !== undefined && runs(status)
  const [rows, setRows] = useState<readonly Row[]>(() => rowsOf(env))
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState<'now' | 'later'>()
  const [problem, setProblem] = useState<Problem>()
  const changes = changesOf(rows)
  const save = (restart: boolean): void => {
    setTried(true)
    if (changes.length === 0 || hasErrors(rows)) return
    setSending(restart ? 'now' : 'later')
    send({ kind: environmentJob.kind, name, changes, restart, seen: envFile.version })
      .then(onClose, (error: unknown) => setProblem(problemOf(error)))
      .finally(() => setSending(undefined))
  }
  const owned = env.map(it => it.key).filter(it => whyOwned(it) !== undefined)
  const reasons = [...new Set(owned.map(whyOwned))]
  return (
    <form
      className={dialogs.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        save(false)
      }}
      noValidate
      aria-label="Edit the environment"
    >
      <Variables
        rows={rows}
        setRows={setRows}
        tried={tried}
        reveal={key => client.instances.reveal.mutate({ name, key })}
      />
      {owned.length > 0 && (
        <section className={classes.owned} aria-label="Written by Instance Manager">
          <h3>Written by Instance Manager</h3>
          <dl>
            {reasons.map(why => (
              <div key={why}>
                <dt className="mono">{owned.filter(it => whyOwned(it) === why).join(' ')}</dt>
                <dd>{why}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <p className="dimmed">{effectOf(name, running, 'Change')} Press Shift+Enter for a line break within a value.</p>
      {problem && <ProblemView problem={problem} />}
      <EffectButtons
        verb="Change"
        running={running}
        sending={sending}
        disabled={changes.length === 0}
        onRestart={() => save(true)}
        onClose={onClose}
      />
    </form>
  )
}
