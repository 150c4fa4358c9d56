/** Asks before services are stopped: which instances lose their database, and whether to stop those first. */
import { Button, Checkbox } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { capital, count } from '../../../shared/amounts'
import { serviceTitle, type ServiceName } from '../../../shared/infrastructure'
import { protectedPhrase } from '../instances/confirm-name'
import { TypedPhrase } from '../instances/typed-phrase'
import dialogs from '../instances/dialogs.module.css'
import classes from './infrastructure.module.css'

interface StopFormProps {
  /** Absent: both. */
  only: ServiceName | undefined
  /** The running instances that can't reach their databases then. */
  names: readonly string[]
  /** Those of them that are protected. */
  guarded: readonly string[]
  onStop: (stopInstances: boolean) => void
  onClose: () => void
}

export function StopForm({ only, names, guarded, onStop, onClose }: StopFormProps) {
  const [first, setFirst] = useState(false)
  const [typed, setTyped] = useState('')
  const phrase = protectedPhrase(guarded)
  const confirmed = guarded.length === 0 || typed === phrase
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (confirmed) onStop(first)
  }
  const both = only ? 'the infrastructure' : 'both'
  const until = only ? `${serviceTitle[only]} is` : 'both are'
  return (
    <form className={dialogs.form} onSubmit={submit}>
      {names.length === 0 ? (
        <p>No instance is running. Data isn’t touched.</p>
      ) : (
        <>
          <p>
            {capital(count(names.length, 'running instance'))} can’t reach{' '}
            {names.length === 1 ? 'its database' : 'their databases'} until {until} started again. Data isn’t touched.
          </p>
          <ul className={classes.names} aria-label="These instances will lose their database" tabIndex={0}>
            {names.map(it => (
              <li key={it}>{guarded.includes(it) ? `${it} (protected)` : it}</li>
            ))}
          </ul>
          <Checkbox
            checked={first}
            onChange={event => setFirst(event.currentTarget.checked)}
            label={names.length === 1 ? 'Stop this instance first' : 'Stop all instances first'}
            description={
              names.length === 1
                ? `So it doesn’t run without its database. It is started again when you start ${both}.`
                : `So none of them runs without its database. They are started again when you start ${both}.`
            }
          />
          {guarded.length > 0 && <TypedPhrase phrase={phrase} typed={typed} onType={setTyped} />}
        </>
      )}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus={guarded.length === 0 || undefined}>
          Keep running
        </Button>
        <Button type="submit" color="red" disabled={!confirmed}>
          {only ? `Stop ${serviceTitle[only]}` : 'Stop both'}
        </Button>
      </div>
    </form>
  )
}
