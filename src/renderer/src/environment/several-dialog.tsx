/** Makes one change in the environment of several instances. */
import { IconVariable } from '@tabler/icons-react'
import { useState } from 'react'
import { enumerate } from '../../../shared/amounts'
import { changingWords, environmentManyJob } from '../../../shared/jobs/environment'
import { useRunning } from '../app/live'
import type { ShownInstance } from '../instances/arrange'
import { ChosenButton } from '../instances/chosen-button'
import dialogs from '../instances/dialogs.module.css'
import { severalDialog, type SeveralProps } from '../instances/several'
import { environmentDialog } from '../jobs/faces'
import { useJobs } from '../jobs/jobs'
import { EffectForm } from './effect'
import { changesOf, hasErrors, newRow, type Row } from './rows'
import { Variables } from './table'

/** For one instance, the whole environment is edited. */
export const EnvironmentButton = ({ chosen }: { chosen: readonly ShownInstance[] }) => (
  <ChosenButton
    chosen={chosen}
    word="Environment"
    Icon={IconVariable}
    dialog={environmentDialog}
    questionOn={questionOn}
  />
)

function SeveralForm({ names, skipped, onClose }: SeveralProps) {
  const { sendSeveral } = useJobs()
  const alive = useRunning()
  const [rows, setRows] = useState<readonly Row[]>(() => [newRow([])])
  const [tried, setTried] = useState(false)
  const changes = changesOf(rows)
  const running = names.filter(it => alive.has(it)).length
  return (
    <EffectForm
      label="Change the environment"
      verb="Change"
      running={running > 0}
      effect={effectOn(running)}
      typed={changes.length > 0}
      check={() => {
        setTried(true)
        return !hasErrors(rows)
      }}
      send={restart =>
        sendSeveral(
          { kind: environmentManyJob.kind, names: [...names], changes, restart },
          { ...changingWords, count: names.length, skipped },
        )
      }
      onClose={onClose}
    >
      <p className={dialogs.plain}>
        {enumerate(names, 8)} will get the same values. Other variables aren’t changed.
        {skipped.length > 0 && ` Skipped: ${enumerate(skipped.map(it => `${it.name} (${it.reason})`))}.`}
      </p>
      <Variables rows={rows} setRows={setRows} tried={tried} />
    </EffectForm>
  )
}

const questionOn = severalDialog('Change the environment of', 640, SeveralForm)

/** @param running how many of the instances */
function effectOn(running: number): string {
  if (running === 0) return 'None of them is running. The change takes effect at the next start.'
  return running === 1
    ? 'One of them is running and keeps its current environment until its next restart. “Change and restart” restarts it now, and restores its old values if it isn’t healthy afterwards.'
    : `${running} of them are running and keep their current environment until the next restart. “Change and restart” restarts them now, four at a time, and restores the old values of any that isn’t healthy afterwards.`
}
