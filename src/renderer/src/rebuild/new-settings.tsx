/** Offers settings that are new in the base application's `.env`. */
import { Checkbox } from '@mantine/core'
import classes from './rebuild.module.css'

export interface SettingsProps {
  offered: readonly { readonly key: string; readonly note: string | undefined }[]
  /** Keys that are to be taken. */
  env: readonly string[]
  setTaken: (keys: readonly string[]) => void
}

export const notCopied = 'New instances don’t get it.'

export function NewSettings({ offered, env, setTaken }: SettingsProps) {
  return (
    <fieldset className={classes.choices}>
      <legend>Take from the base application’s .env:</legend>
      {offered.map(({ key, note }) => (
        <Checkbox
          key={key}
          checked={env.includes(key)}
          onChange={event => setTaken(event.currentTarget.checked ? [...env, key] : env.filter(it => it !== key))}
          label={<span className="mono">{key}</span>}
          description={note}
        />
      ))}
    </fieldset>
  )
}
