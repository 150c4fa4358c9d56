/** When a change of the environment takes effect, and the buttons that decide it. */
import { Button } from '@mantine/core'
import dialogs from '../instances/dialogs.module.css'
import classes from './environment.module.css'

interface ButtonsProps {
  /** e.g. “Change”. */
  readonly verb: string
  /** Some of the instances are running. */
  readonly running: boolean
  /** The button that was pressed, until the answer. */
  readonly sending: 'now' | 'later' | undefined
  readonly disabled: boolean
  /** The other button submits the form. */
  readonly onRestart: () => void
  readonly onClose: () => void
}

export function EffectButtons({ verb, running, sending, disabled, onRestart, onClose }: ButtonsProps) {
  return (
    <div className={`${dialogs.buttons} ${classes.buttons}`}>
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      {running && (
        <Button
          variant="default"
          onClick={onRestart}
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
  )
}

export const effectOf = (name: string, running: boolean, verb: string): string =>
  running
    ? `${name} keeps running with its current environment until its next restart. “${verb} and restart” restarts it now; if it isn’t healthy then, it gets back the values that it has now.`
    : `${name} isn’t running. The change takes effect at its next start.`
