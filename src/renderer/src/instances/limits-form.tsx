/** Changes what an instance may take from PostgreSQL. An empty field is the default. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { limitsJob } from '../../../shared/jobs/limits'
import {
  limitNames,
  limitSchemas,
  limitText,
  wordsOfLimit,
  type InstanceLimits,
  type LimitChanges,
  type LimitName,
} from '../../../shared/limits'
import type { Problem } from '../../../shared/problem'
import { focusFault } from '../app/focus-fault'
import { NumberField } from '../app/number-field'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import classes from './dialogs.module.css'

export function LimitsForm({ name, onClose }: { name: string; onClose: () => void }) {
  const found = useQuery(useTRPC().instances.limits.queryOptions({ name }, { staleTime: 0, gcTime: 0 }))
  if (found.error) return <ProblemView problem={problemOf(found.error)} onRetry={() => void found.refetch()} />
  if (!found.data) return <Skeleton height={460} radius="md" />
  return <Fields name={name} found={found.data} onClose={onClose} />
}

type Typed = Readonly<Partial<Record<LimitName, string>>>

function Fields({ name, found, onClose }: { name: string; found: InstanceLimits; onClose: () => void }) {
  const { send } = useJobs()
  const before: Typed = Object.fromEntries(Object.entries(found.own).map(([key, value]) => [key, String(value)]))
  const [typed, setTyped] = useState(before)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const changed = limitNames.filter(it => (typed[it] ?? '') !== (before[it] ?? ''))
  const errorOf = (it: LimitName): string | undefined =>
    typed[it] ? limitSchemas[it].safeParse(Number(typed[it])).error?.issues[0]?.message : undefined
  const refused = limitNames.find(it => it === problem?.field)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    focusFault(event.currentTarget)
    if (changed.length === 0 || limitNames.some(errorOf)) return
    const changes: LimitChanges = Object.fromEntries(changed.map(it => [it, typed[it] ? Number(typed[it]) : null]))
    setSending(true)
    send({ kind: limitsJob.kind, name, ...changes })
      .then(onClose, (error: unknown) => setProblem(problemOf(error)))
      .finally(() => setSending(false))
  }
  const { together, foreignPool } = found
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Change the limits">
      {limitNames.map((it, index) => (
        <Field
          key={it}
          limit={it}
          found={found}
          typed={typed[it] ?? ''}
          error={
            it === refused ? [problem?.message, problem?.cause, problem?.hint].filter(Boolean).join(' ') : errorOf(it)
          }
          first={index === 0}
          disabled={it === 'pool' && foreignPool}
          onType={text => {
            setTyped({ ...typed, [it]: text })
            setProblem(undefined)
          }}
        />
      ))}
      <p className="dimmed">
        No client is disconnected. Whatever is running now keeps its old limits until it finishes.
        {together && ` Running instances may use ${together.used} of PostgreSQL’s ${together.available} connections.`}
      </p>
      {problem && !refused && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        {Object.values(typed).some(Boolean) && (
          <Button variant="subtle" className={classes.aside} onClick={() => setTyped({})} disabled={sending}>
            Use the defaults
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending} disabled={changed.length === 0}>
          Change
        </Button>
      </div>
    </form>
  )
}

function Field({
  limit,
  found: { standard },
  typed,
  error,
  first,
  disabled,
  onType,
}: {
  limit: LimitName
  found: InstanceLimits
  typed: string
  error: string | undefined
  first: boolean
  disabled: boolean
  onType: (text: string) => void
}) {
  const { title, explanation, unit, open } = wordsOfLimit(limit)
  return (
    <NumberField
      label={unit === 'connections' ? title : `${title}, in ${unit}`}
      description={disabled ? 'PgBouncer was created elsewhere: set it in its own configuration.' : explanation}
      placeholder={open ? 'No limit' : `${limitText(limit, standard[limit])}, the default`}
      error={error}
      disabled={disabled}
      typed={typed}
      onType={onType}
      autoFocus={first} // it comes after the dialog has been focused
    />
  )
}
