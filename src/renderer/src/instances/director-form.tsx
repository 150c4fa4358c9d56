/** A new password, name or email address for an instance's director. The password is shown here only. */
import { Button, Checkbox, Select, Skeleton, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { directorJob } from '../../../shared/jobs/director'
import { whyNotDone } from '../../../shared/jobs/words'
import { generatePassword } from '../../../shared/password'
import type { Problem } from '../../../shared/problem'
import { focusFault } from '../app/focus-fault'
import { useHold } from '../app/hold'
import { useOperationsStore } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import { whenSettled } from '../operations/when-settled'
import { EmailField, NameField, PasswordField } from './account-fields'
import { Credentials, Password } from './credentials'
import classes from './dialogs.module.css'
import { inputOf, type Account, type Typed } from './director-input'

export function DirectorForm({ name, onClose }: { name: string; onClose: () => void }) {
  const found = useQuery(useTRPC().instances.directors.queryOptions({ name }, { staleTime: 0, gcTime: 0 }))
  if (found.error) return <ProblemView problem={problemOf(found.error)} onRetry={() => void found.refetch()} />
  if (found.data === undefined) return <Skeleton height={300} radius="md" />
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
  const client = useTRPCClient()
  const { send } = useJobs()
  const [account, setAccount] = useState(accounts[0]?.email ?? '')
  const [typed, setTyped] = useState<Typed>({})
  const [password, setPassword] = useState(generatePassword)
  const [renew, setRenew] = useState(true)
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [updated, setUpdated] = useState<{ email: string; password: string | undefined }>()
  useHold(sending && 'busy')
  const known = accounts.find(it => it.email === account)
  const input = inputOf({ instance, account, known, typed, password: renew ? password : undefined })
  const issues = directorJob.input.safeParse(input).error?.issues ?? []
  const errorOf = (field: string): string | undefined =>
    (tried ? issues.find(it => it.path[0] === field)?.message : undefined) ??
    (problem?.field === field ? problem.message : undefined)
  const type = (change: Typed): void => {
    setTyped({ ...typed, ...change })
    setProblem(undefined)
  }
  const choose = (email: string): void => {
    setAccount(email)
    setProblem(undefined)
  }
  const changes = Object.keys(input).length > 2
  const change = async (): Promise<void> => {
    setProblem(undefined)
    setSending(true)
    const refused = await send({ kind: directorJob.kind, ...input }).then(async id => {
      const why = whyNotDone(await whenSettled(operations, id))
      // it is shown now, so the workspace can forget it
      if (!why) await client.operations.takePassword.mutate({ id }).catch(() => undefined)
      return why
    }, problemOf)
    setSending(false)
    if (refused) setProblem(refused)
    else setUpdated({ email: input.email ?? account, password: input.password })
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (issues.length > 0) focusFault(event.currentTarget)
    if (issues.length > 0 || !changes) return
    void change()
  }
  if (updated) return <Updated {...updated} onClose={onClose} />
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Change the director">
      {accounts.length > 1 && (
        <Select
          label="Account"
          data={accounts.map(it => it.email)}
          value={account}
          allowDeselect={false}
          searchable
          onChange={email => email !== null && choose(email)}
        />
      )}
      {accounts.length === 0 && (
        <TextInput
          label="Account"
          description="The email address that the director signs in with now."
          autoComplete="off"
          spellCheck={false}
          autoFocus // it comes after the dialog has been focused
          value={account}
          error={errorOf('account')}
          onChange={event => choose(event.currentTarget.value.trim())}
        />
      )}
      <NameField
        label="Name"
        value={typed.name ?? known?.name ?? ''}
        error={errorOf('fullName')}
        onType={name => type({ name })}
      />
      <EmailField
        label="Email"
        value={typed.email ?? known?.email ?? ''}
        error={errorOf('email')}
        onType={email => type({ email })}
      />
      <Checkbox
        label="Set a new password"
        description="The old one stops working immediately."
        checked={renew}
        onChange={event => setRenew(event.currentTarget.checked)}
      />
      {renew && (
        <PasswordField
          label="New password"
          value={password}
          error={errorOf('password')}
          onType={it => {
            setPassword(it)
            setProblem(undefined)
          }}
        />
      )}
      {problem && !errorOf(problem.field ?? '') && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose} disabled={sending}>
          Cancel
        </Button>
        <Button type="submit" loading={sending} disabled={!changes}>
          Change
        </Button>
      </div>
    </form>
  )
}

function Updated({ email, password, onClose }: { email: string; password: string | undefined; onClose: () => void }) {
  return (
    <div className={classes.form}>
      <p role="status">
        Account updated.{password !== undefined && ' Pass these details on now: the password isn’t stored.'}
      </p>
      <Credentials email={email} password={password === undefined ? undefined : <Password value={password} />} />
      <div className={classes.buttons}>
        <Button onClick={onClose} autoFocus>
          Done
        </Button>
      </div>
    </div>
  )
}
