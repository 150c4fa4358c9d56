/** Adopts a copy: says what it gets and what stays, and asks for the administrator of its empty database. */
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useLocation } from 'wouter'
import { adoptInputSchema } from '../../../shared/instance'
import { adoptJob } from '../../../shared/jobs/create'
import type { Problem } from '../../../shared/problem'
import { focusFault } from '../app/focus-fault'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { generatePassword } from '../../../shared/password'
import { useJobs } from '../jobs/jobs'
import { EmailField, NameField, PasswordField } from './account-fields'
import classes from './dialogs.module.css'

export function AdoptForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const [, navigate] = useLocation()
  const { send } = useJobs()
  const [as, setAs] = useState('')
  const [director, setDirector] = useState({ name: '', email: '', password: generatePassword() })
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const details = useQuery(trpc.instances.details.queryOptions({ name }))
  const input = { name, director, ...(as && { as }) }
  const issues = adoptInputSchema.safeParse(input).error?.issues ?? []
  const errorOf = (path: string): string | undefined =>
    (tried ? issues.find(it => it.path.join('.') === path)?.message : undefined) ??
    (problem?.field === path || (problem?.field === 'name' && path === 'as') ? problem.message : undefined)
  const type = (change: Partial<typeof director>): void => {
    setDirector({ ...director, ...change })
    setProblem(undefined)
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (issues.length) {
      focusFault(event.currentTarget)
      return
    }
    setProblem(undefined)
    setSending(true)
    send({ kind: adoptJob.kind, ...input })
      .then(
        id => {
          navigate(`/operations/${id}`)
          onClose()
        },
        (refused: unknown) => setProblem(problemOf(refused)),
      )
      .finally(() => setSending(false))
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Adopt the copy">
      <p className={classes.plain}>
        It gets its own database, role, port and secrets. Its files and uploads stay. The database starts empty: the
        data belongs to the original
        {details.data && (
          <>
            , in <span className="mono">{details.data.database.name}</span>
          </>
        )}
        , which isn’t touched.
      </p>
      <TextInput
        label="New name"
        description="Leave empty to keep its name if it is free, or to have one chosen."
        placeholder={name}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        value={as}
        error={errorOf('as')}
        onChange={event => {
          setAs(event.currentTarget.value.trim())
          setProblem(undefined)
        }}
      />
      <NameField
        label="Director’s name"
        value={director.name}
        error={errorOf('director.name')}
        onType={text => type({ name: text })}
      />
      <EmailField
        label="Email"
        value={director.email}
        error={errorOf('director.email')}
        onType={email => type({ email })}
      />
      <PasswordField
        label="Password"
        value={director.password}
        error={errorOf('director.password')}
        onType={password => type({ password })}
      />
      {problem && !problem.field && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending}>
          Adopt {name.length > 24 ? 'it' : name}
        </Button>
      </div>
    </form>
  )
}
