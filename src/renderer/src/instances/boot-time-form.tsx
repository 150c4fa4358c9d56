/** Sets how long an instance's application may take to answer after starting. */
import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Problem } from '../../../shared/problem'
import { bootSecondsSchema } from '../../../shared/workspace'
import { focusFault } from '../app/focus-fault'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import classes from './dialogs.module.css'

export function BootTimeForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queries = useQueryClient()
  const details = useQuery(trpc.instances.details.queryOptions({ name }))
  const [typed, setTyped] = useState('')
  const [tried, setTried] = useState(false)
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const boot = details.data?.boot
  const seconds = /^\d{1,6}$/.test(typed) ? Number(typed) : NaN
  const error = typed ? bootSecondsSchema.safeParse(seconds).error?.issues[0]?.message : 'Enter a number of seconds.'
  const save = (chosen: number | null): void => {
    setSending(true)
    client.instances.setBootTime
      .mutate({ name, seconds: chosen })
      .then(() => queries.invalidateQueries({ queryKey: trpc.instances.details.queryKey({ name }) }))
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (error) focusFault(event.currentTarget)
    else save(seconds)
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Change the boot time">
      <TextInput
        label="Boot time, in seconds"
        description={
          boot &&
          `Now ${boot.seconds}${boot.own ? `; the default is ${boot.standard}` : ', the default'}. From 1 to 3600.`
        }
        inputMode="numeric"
        autoComplete="off"
        maxLength={6}
        value={typed}
        error={(typed || tried) && error}
        onChange={event => {
          setTyped(event.currentTarget.value.trim())
          setProblem(undefined)
        }}
        data-autofocus
      />
      <p className="dimmed">
        If {name} doesn’t answer within this time after it starts, you’re asked whether to keep waiting. Nothing is
        restarted now; this applies from its next start.
      </p>
      {problem && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        {boot?.own && (
          <Button variant="subtle" className={classes.aside} onClick={() => save(null)} disabled={sending}>
            Use the default, {boot.standard} s
          </Button>
        )}
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={sending}>
          Save
        </Button>
      </div>
    </form>
  )
}
