/** What a rehearsal found: what the change does, what it loses, how far it can be rolled back. */
import { Button, Checkbox, Textarea } from '@mantine/core'
import { useState } from 'react'
import { capital, enumerate } from '../../../shared/amounts'
import { quoteNames } from '../../../shared/notes'
import { classWords, driftWords, wayBackWords } from '../../../shared/rebuild-words'
import { lossWords, lostWords, renameWords, type Rehearsal, type Rename } from '../../../shared/schema'
import { Details } from '../app/details'
import { Words } from '../app/words'
import { Line, Sentences, tones } from './lines'
import classes from './rebuild.module.css'
import type { SchemaDecision } from './schema-decision'

export function RehearsalView({ rehearsal, decision }: { rehearsal: Rehearsal; decision: SchemaDecision }) {
  const { class: kind, change, losses, refusal, drift, oldCode } = rehearsal
  return (
    <>
      <Line tone={tones[kind]}>{classWords[kind]}</Line>
      {refusal && (
        <>
          <p>
            <Words text={refusal.words} />
          </p>
          <Details label="Refused statement" text={refusal.statement} />
        </>
      )}
      <Sentences texts={losses.map(it => capital(lossWords(it)))} />
      {kind !== 'none' && kind !== 'refused' && <WayBack {...rehearsal} />}
      {drift.length > 0 && (
        <>
          <Line tone="warn">{driftWords}</Line>
          <Details label="How they differ" text={drift.join('\n')} />
        </>
      )}
      <div className={classes.texts}>
        {oldCode.length > 0 && (
          <Details label="What the old code can’t do with the new schema" text={oldCode.map(quoteNames).join('\n')} />
        )}
        {change && <Details label="SQL" text={change.forward} />}
        {change && <Details label="SQL for the rollback" text={change.backward} />}
      </div>
      {kind === 'destructive' && (
        <Checkbox
          color="red"
          checked={decision.accepts}
          onChange={event => decision.accept(event.currentTarget.checked)}
          label={`Lose ${enumerate(losses.map(lostWords), 8)}`}
          description="Gone from the application. The database keeps them for a rollback, until the next rebuild."
        />
      )}
    </>
  )
}

function WayBack({ rollback }: Pick<Rehearsal, 'rollback'>) {
  const [heading, sentences] = wayBackWords(rollback)
  return (
    <>
      <Line tone={rollback.exact ? 'good' : 'warn'}>{heading}</Line>
      <Sentences texts={sentences} />
    </>
  )
}

interface RenamesProps {
  renames: readonly Rename[]
  confirmed: readonly Rename[]
  answer: (rename: Rename, same: boolean) => void
}

export function Renames({ renames, confirmed, answer }: RenamesProps) {
  if (renames.length === 0) return null
  return (
    <fieldset className={classes.choices}>
      <legend>Renamed? If so, values are kept.</legend>
      {renames.map(it => (
        <Checkbox
          key={JSON.stringify(it)}
          checked={confirmed.includes(it)}
          onChange={event => answer(it, event.currentTarget.checked)}
          label={<Words text={capital(renameWords(it))} />}
        />
      ))}
    </fieldset>
  )
}

interface FixProps {
  /** The statement that the last rehearsal ran; empty if there was none. */
  fix: string
  setFix: (statement: string) => void
  several?: boolean
}

export function Fix({ fix, setFix, several }: FixProps) {
  const [typed, setTyped] = useState(fix)
  return (
    <>
      <Textarea
        label="Your own SQL statement to make the rows fit"
        description={`Runs as part of the change${several ? ' in each of these databases' : ''}, before the refused statement. Recorded in Activity.`}
        placeholder="UPDATE users SET email = 'none-' || id WHERE email IS NULL"
        classNames={{ input: 'mono' }}
        autosize
        minRows={2}
        maxRows={6}
        spellCheck={false}
        value={typed}
        onChange={event => setTyped(event.currentTarget.value)}
      />
      <div>
        <Button size="xs" variant="default" disabled={typed.trim() === fix} onClick={() => setFix(typed.trim())}>
          {typed.trim() === '' && fix !== '' ? 'Rehearse without it' : 'Rehearse with it'}
        </Button>
      </div>
    </>
  )
}
