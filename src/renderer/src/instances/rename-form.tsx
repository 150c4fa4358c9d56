/** Renames an instance. Checks the name while it is typed, and lists what gets it. */
import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { databaseNames, nameSchema } from '../../../shared/instance'
import { renameJob } from '../../../shared/jobs/rename'
import type { Problem } from '../../../shared/problem'
import { focusFault } from '../app/focus-fault'
import { useInstances, useRunning } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import { notTyped } from '../jobs/start'
import dialogs from './dialogs.module.css'
import classes from './several.module.css'

export function RenameForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const { send } = useJobs()
  const instance = useInstances().data?.instances.find(it => it.name === name)
  const running = useRunning().has(name)
  const [typed, setTyped] = useState(name)
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const [refused, setRefused] = useState<Problem>()
  const [settled] = useDebouncedValue(typed, 200)
  const invalid = typed === name ? 'Enter a different name.' : nameSchema.safeParse(typed).error?.issues[0]?.message
  const check = useQuery(
    trpc.instances.checkRename.queryOptions(
      { name, to: settled },
      { enabled: settled === typed && !invalid, staleTime: 0 },
    ),
  )
  if (!instance) return <p>“{name}” no longer exists.</p>

  const isChecked = !invalid && settled === typed && !check.isFetching
  const fault = isChecked && check.data?.problem?.code !== stopped ? check.data?.problem : undefined
  const found = refused ?? fault
  const aboutName = found?.field !== undefined
  const available = isChecked && check.data && !check.data.problem && !refused
  const error =
    (typed !== name || tried) && (invalid ?? (aboutName && [found.message, found.cause].filter(Boolean).join(' ')))
  const checkAgain = (): void => {
    setRefused(undefined)
    void check.refetch()
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (invalid || fault) return focusFault(event.currentTarget)
    setSending(true)
    send({ kind: renameJob.kind, name, to: typed })
      .then(onClose, (thrown: unknown) => {
        const problem = problemOf(thrown)
        if (problem.code !== notTyped) setRefused(problem)
      })
      .finally(() => setSending(false))
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Rename the instance">
      <TextInput
        label="New name"
        description={available ? `“${typed}” is available.` : 'Letters, digits, hyphens and underscores.'}
        descriptionProps={{ 'aria-live': 'polite' }}
        autoComplete="off"
        spellCheck={false}
        maxLength={60}
        value={typed}
        error={error}
        onChange={event => {
          setTyped(event.currentTarget.value)
          setRefused(undefined)
        }}
        onFocus={event => event.currentTarget.select()}
        data-autofocus
      />
      <Changes from={name} to={invalid || found ? undefined : typed} />
      <p className="dimmed">
        {running
          ? `${name} will restart and be unavailable for a few seconds. If it isn’t healthy afterwards, its old name is restored.`
          : `${name} isn’t running and will stay stopped.`}{' '}
        Its port and data don’t change.
      </p>
      {found && !aboutName && <ProblemView problem={found} onRetry={checkAgain} retrying={check.isFetching} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending} disabled={fault !== undefined && fault.field === undefined}>
          {running ? 'Rename and restart' : 'Rename'}
        </Button>
      </div>
    </form>
  )
}

/** Starting the job starts the infrastructure, too. */
const stopped = 'infrastructure-stopped'

/** @param to undefined: not known yet */
function Changes({ from, to }: { from: string; to: string | undefined }) {
  const [before, after] = [databaseNames(from), databaseNames(to ?? '')]
  const all = [
    ['Folder', `instances/${from}`, `instances/${to}`],
    ['Database', before.database, after.database],
    ['Role', before.role, after.role],
    ['Process and logs', from, to],
  ]
  return (
    <ul className={`${classes.rows} ${classes.long}`} aria-label="What will be renamed">
      {all.map(([what, old, now]) => (
        <li key={what}>
          <strong>{what}</strong>
          <span className={`mono ${classes.change}`}>
            <span className="dimmed">{old} →</span> {to === undefined ? '…' : now}
          </span>
        </li>
      ))}
    </ul>
  )
}
