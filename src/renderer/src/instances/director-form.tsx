/** A new password, name or email address for an instance's director. The password is shown here only. */
import { Button, Checkbox, Select, Skeleton, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { directorJob } from '../../../shared/jobs/director'
import { problemOf as problemIn } from '../../../shared/operation'
import { generatePassword } from '../../../shared/password'
import type { Problem } from '../../../shared/problem'
import { CopyButton } from '../app/copy-button'
import { useOperationsStore } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import { rested } from '../operations/rested'
import { EmailField, NameField, PasswordField } from './account-fields'
import classes from './dialogs.module.css'

interface Account {
  readonly email: string
  readonly name: string
}

export function DirectorForm({ name, onClose }: { name: string; onClose: () => void }) {
  const found = useQuery(useTRPC().instances.directors.queryOptions({ name }, { staleTime: 0, gcTime: 0 }))
  if (found.error) return <ProblemView problem={problemOf(found.error)} onRetry={() => void found.refetch()} />
  if (found.data === undefined) return <Skeleton height={300} radius="md" aria-label="Loading" />
  if (found.data?.length === 0)
    return (
      <ProblemView
        problem={{
          code: 'director-choose',
          message: `“${name}” has no director.`,
          hint: 'Check “director” in instance-manager.json.',
        }}
      />
    )
  return <Fields instance={name} accounts={found.data ?? []} onClose={onClose} />
}

/** @param accounts empty: unknown, so the operator types the address */
function Fields({
  instance,
  accounts,
  onClose,
}: {
  instance: string
  accounts: readonly Account[]
  onClose: () => void
}) {
  const operations = useOperationsStore()
  const { send } = useJobs()
  const [account, setAccount] = useState(accounts[0] ?? { email: '', name: '' })
  const [typed, setTyped] = useState({ ...account, password: generatePassword() })
  const [renew, setRenew] = useState(true)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [done, setDone] = useState(false)
  const input = {
    name: instance,
    account: account.email,
    ...(typed.email !== account.email && typed.email && { email: typed.email }),
    ...(typed.name !== account.name && typed.name && { fullName: typed.name }),
    ...(renew && { password: typed.password }),
  }
  const issues = directorJob.input.safeParse(input).error?.issues ?? []
  const errorOf = (field: string): string | undefined =>
    (problem?.field === field ? problem.message : undefined) ??
    (account.email ? issues.find(it => it.path[0] === field)?.message : undefined)
  const type = (change: Partial<typeof typed>): void => {
    setTyped({ ...typed, ...change })
    setProblem(undefined)
  }
  const choose = (it: Account): void => {
    setAccount(it)
    type(it)
  }
  const changes = Object.keys(input).length > 2
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (issues.length > 0 || !changes) return
    setSending(true)
    send({ kind: directorJob.kind, ...input })
      .then(async id => problemIn(await rested(operations, id)), problemOf)
      .then(it => {
        setProblem(it)
        setDone(it === undefined)
        setSending(false)
      })
      .catch(() => undefined)
  }
  if (done)
    return (
      <Changed email={typed.email || account.email} password={renew ? typed.password : undefined} onClose={onClose} />
    )
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Change the director">
      {accounts.length > 1 && (
        <Select
          label="Account"
          data={accounts.map(it => it.email)}
          value={account.email}
          allowDeselect={false}
          searchable
          onChange={email => {
            const found = accounts.find(it => it.email === email)
            if (found) choose(found)
          }}
        />
      )}
      {accounts.length === 0 && (
        <TextInput
          label="Account"
          description="The email address that the director signs in with now."
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          value={account.email}
          error={errorOf('account')}
          onChange={event => choose({ email: event.currentTarget.value.trim(), name: '' })}
        />
      )}
      <NameField label="Name" value={typed.name} error={errorOf('fullName')} onType={name => type({ name })} />
      <EmailField label="Email" value={typed.email} error={errorOf('email')} onType={email => type({ email })} />
      <Checkbox
        label="Give a new password"
        description="The old one stops working at once."
        checked={renew}
        onChange={event => setRenew(event.currentTarget.checked)}
      />
      {renew && (
        <PasswordField
          label="New password"
          value={typed.password}
          error={errorOf('password')}
          onType={password => type({ password })}
        />
      )}
      {problem && !errorOf(problem.field ?? '') && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending} disabled={!changes}>
          Change
        </Button>
      </div>
    </form>
  )
}

function Changed({ email, password, onClose }: { email: string; password: string | undefined; onClose: () => void }) {
  return (
    <div className={classes.form}>
      <p role="status">{password ? 'Changed. Pass these details on: the password isn’t stored.' : 'Changed.'}</p>
      <dl className={classes.handover}>
        <dt>Email</dt>
        <dd>
          <span className="mono">{email}</span>
          <CopyButton value={email} label="email" />
        </dd>
        {password && (
          <>
            <dt>Password</dt>
            <dd>
              <span className="mono" data-testid="password">
                {password}
              </span>
              <CopyButton value={password} label="password" />
            </dd>
          </>
        )}
      </dl>
      <div className={classes.buttons}>
        <Button onClick={onClose} data-autofocus>
          Done
        </Button>
      </div>
    </div>
  )
}
