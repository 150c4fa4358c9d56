/** Offers to rebuild the chosen instances. */
import { rebuildJob } from '../../../shared/jobs/rebuild'
import type { ShownInstance } from '../instances/arrange'
import { ChosenButton } from '../instances/chosen-button'
import { faceOf, rebuildDialog } from '../jobs/faces'
import { useJobs } from '../jobs/jobs'
import { questionOnFleet } from './fleet-dialog'

/** One instance is rebuilt after its own review; several with a canary. */
export function RebuildButton({ chosen, word = 'Rebuild' }: { chosen: readonly ShownInstance[]; word?: string }) {
  const { ask } = useJobs()
  const { Icon } = faceOf(rebuildJob.kind)
  return (
    <ChosenButton
      chosen={chosen}
      word={word}
      guarded
      Icon={Icon}
      dialog={rebuildDialog}
      questionOn={(fleet, skipped) => questionOnFleet(fleet, skipped, ask)}
    />
  )
}
