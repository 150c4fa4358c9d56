/** The form around a change of the environment: when it takes effect, the buttons that decide it, and what went wrong. */
import { Button } from '@mantine/core'
import { useRef, useState, type ReactNode } from 'react'
import type { Problem } from '../../../shared/problem'
import { focusFault } from '../app/focus-fault'
import { useHold } from '../app/hold'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import dialogs from '../instances/dialogs.module.css'
import classes from './environment.module.css'

interface EffectFormProps {
  readonly label: string
  /** e.g. “Change”. */
  readonly verb: string
  /** Some of the instances are running. */
  readonly running: boolean
  /** When the change takes effect. */
  readonly effect: string
  /** Something was typed that can be sent; absent: the form has no fields. */
  readonly typed?: boolean
  /** Checks the fields and shows what is wrong in them. @returns whether the change may be sent */
  readonly check?: () => boolean
  /** @throws the router's Problem */
  readonly send: (restart: boolean) => Promise<unknown>
  /** Reads the values again, when others wrote them in the meantime. */
  readonly onReload?: () => void
  readonly onClose: () => void
  readonly children: ReactNode
}

export function EffectForm(props: EffectFormProps) {
  const { label, verb, running, effect, typed, check, send, onReload, onClose, children } = props
  const form = useRef<HTMLFormElement>(null)
  /** The button that was pressed, until the answer. */
  const [sending, setSending] = useState<'now' | 'later'>()
  const [problem, setProblem] = useState<Problem>()
  useHold(sending ? 'busy' : typed === true && 'typed')
  const disabled = typed === false
  const save = (restart: boolean): void => {
    if (disabled || sending) return
    setProblem(undefined)
    if (check?.() === false) {
      focusFault(form.current)
      return
    }
    setSending(restart ? 'now' : 'later')
    send(restart)
      .then(onClose, (error: unknown) => setProblem(problemOf(error)))
      .finally(() => setSending(undefined))
  }
  return (
    <form
      ref={form}
      className={dialogs.form}
      onSubmit={event => {
        event.preventDefault()
        save(false)
      }}
      noValidate
      aria-label={label}
    >
      {children}
      <p className="dimmed">{effect}</p>
      {problem && (
        <ProblemView
          problem={problem}
          does={problem.code === 'env-changed' && onReload ? { label: 'Reload', run: onReload } : undefined}
        />
      )}
      <div className={`${dialogs.buttons} ${classes.buttons}`}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        {running && (
          <Button
            variant="default"
            onClick={() => save(true)}
            loading={sending === 'now'}
            disabled={disabled || sending === 'later'}
          >
            {verb} and restart
          </Button>
        )}
        <Button type="submit" loading={sending === 'later'} disabled={disabled || sending === 'now'}>
          {verb}
        </Button>
      </div>
    </form>
  )
}

export const effectOf = (name: string, running: boolean, verb: string): string =>
  running
    ? `${name} keeps running with its current environment until its next restart. “${verb} and restart” restarts it now, and restores the current values if it isn’t healthy afterwards.`
    : `${name} isn’t running. The change takes effect at its next start.`
