/** Edits an instance's environment. */
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { whyOwned } from '../../../shared/environment'
import type { InstanceDetails } from '../../../shared/instance'
import { environmentJob } from '../../../shared/jobs/environment'
import { useRunning } from '../app/live'
import { notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import { EffectForm, effectOf } from './effect'
import { changesOf, hasErrors, rowsOf, type Row } from './rows'
import { Variables } from './table'
import classes from './environment.module.css'

export function EnvironmentForm({ name, onClose }: { name: string; onClose: () => void }) {
  const found = useQuery(useTRPC().instances.details.queryOptions({ name }, { staleTime: 0, gcTime: 0 }))
  const [opened, setOpened] = useState<InstanceDetails>()
  // What was read first stays: a later answer must not replace what has been typed.
  if (!opened && found.data && !found.isFetching) setOpened(found.data)
  const reload = (): void => {
    found.refetch({ throwOnError: true }).then(it => setOpened(it.data), notifyProblem)
  }
  if (opened) return <Fields key={opened.envFile.version} details={opened} onReload={reload} onClose={onClose} />
  if (found.error) return <ProblemView problem={problemOf(found.error)} onRetry={() => void found.refetch()} />
  return <Skeleton height={320} radius="md" />
}

interface FieldsProps {
  readonly details: InstanceDetails
  readonly onReload: () => void
  readonly onClose: () => void
}

function Fields({ details: { name, env, envFile }, onReload, onClose }: FieldsProps) {
  const client = useTRPCClient()
  const { send } = useJobs()
  const running = useRunning().has(name)
  const [rows, setRows] = useState<readonly Row[]>(() => rowsOf(env))
  const [tried, setTried] = useState(false)
  const changes = changesOf(rows)
  const owned = env.map(it => it.key).filter(it => whyOwned(it) !== undefined)
  const reasons = [...new Set(owned.map(whyOwned))]
  return (
    <EffectForm
      label="Edit the environment"
      verb="Change"
      running={running}
      effect={`${effectOf(name, running, 'Change')} Press Shift+Enter for a line break within a value.`}
      typed={changes.length > 0}
      check={() => {
        setTried(true)
        return !hasErrors(rows)
      }}
      send={restart => send({ kind: environmentJob.kind, name, changes, restart, seen: envFile.version })}
      onReload={onReload}
      onClose={onClose}
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
    </EffectForm>
  )
}
