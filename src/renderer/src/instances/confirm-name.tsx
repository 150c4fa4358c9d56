/** Asks for the name of a protected instance. */
import { Button } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useState } from 'react'
import dialogs from './dialogs.module.css'
import { TypedPhrase } from './typed-phrase'

/** @param verb e.g. “Stop” @returns whether the name was typed */
export function confirmName(name: string, verb: string): Promise<boolean> {
  return new Promise(resolve => {
    const id = modals.open({
      title: `${verb} ${name}?`,
      onClose: () => resolve(false),
      children: (
        <NameForm
          name={name}
          verb={verb}
          onEnd={typed => {
            resolve(typed)
            modals.close(id)
          }}
        />
      ),
    })
  })
}

interface FormProps {
  readonly name: string
  readonly verb: string
  readonly onEnd: (typed: boolean) => void
}

function NameForm({ name, verb, onEnd }: FormProps) {
  const [typed, setTyped] = useState('')
  return (
    <form
      className={dialogs.form}
      noValidate
      aria-label={`${verb} a protected instance`}
      onSubmit={event => {
        event.preventDefault()
        if (typed === name) onEnd(true)
      }}
    >
      <p>{name} is protected.</p>
      <TypedPhrase phrase={name} typed={typed} onType={setTyped} />
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={() => onEnd(false)}>
          Cancel
        </Button>
        <Button type="submit" color="red" disabled={typed !== name}>
          {verb}
        </Button>
      </div>
    </form>
  )
}
