/** Asks for the names of protected instances. */
import { Button } from '@mantine/core'
import { modals } from '@mantine/modals'
import { useState } from 'react'
import { enumerate } from '../../../shared/amounts'
import dialogs from './dialogs.module.css'
import { TypedPhrase } from './typed-phrase'

/** What is typed for them: the name, or the number of several. */
export const protectedPhrase = (names: readonly string[]): string =>
  names.length === 1 ? (names[0] ?? '') : `${names.length} protected instances`

/** @param verb e.g. “Stop” @returns whether it was typed */
export function confirmNames(names: readonly string[], verb: string): Promise<boolean> {
  return new Promise(resolve => {
    const id = modals.open({
      title: `${verb} ${enumerate(names)}?`,
      onClose: () => resolve(false),
      children: (
        <NameForm
          names={names}
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
  readonly names: readonly string[]
  readonly verb: string
  readonly onEnd: (typed: boolean) => void
}

function NameForm({ names, verb, onEnd }: FormProps) {
  const phrase = protectedPhrase(names)
  const [typed, setTyped] = useState('')
  return (
    <form
      className={dialogs.form}
      noValidate
      aria-label={`${verb} a protected instance`}
      onSubmit={event => {
        event.preventDefault()
        if (typed === phrase) onEnd(true)
      }}
    >
      <p>
        {enumerate(names)} {names.length === 1 ? 'is' : 'are'} protected.
      </p>
      <TypedPhrase phrase={phrase} typed={typed} onType={setTyped} />
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={() => onEnd(false)}>
          Cancel
        </Button>
        <Button type="submit" color="red" disabled={typed !== phrase}>
          {verb}
        </Button>
      </div>
    </form>
  )
}
