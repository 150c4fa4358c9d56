/** Offers to rebuild the chosen instances. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { rebuildJob } from '../../../shared/jobs/rebuild'
import type { ShownInstance } from '../instances/arrange'
import { whyNotNow } from '../instances/shown-status'
import { faceOf } from '../jobs/faces'
import { useJobs } from '../jobs/jobs'
import { FleetDialog } from './fleet-dialog'

/** One instance is rebuilt after its own review; several with a canary. */
export function RebuildButton({ chosen, word = 'Rebuild' }: { chosen: readonly ShownInstance[]; word?: string }) {
  const { ask } = useJobs()
  const [open, setOpen] = useState(false)
  const { Icon, dialog } = faceOf(rebuildJob.kind)
  const fleet = chosen.filter(it => whyNotNow(it.status.group) === undefined)
  const skipped = chosen.flatMap(({ instance: { name }, status: { group } }) => {
    const reason = whyNotNow(group)
    return reason === undefined ? [] : [{ name, reason }]
  })
  const [first] = fleet
  return (
    <>
      <Button
        size="xs"
        variant="default"
        disabled={!first}
        leftSection={<Icon size={15} aria-hidden />}
        onClick={() =>
          first && fleet.length === 1 && dialog ? ask({ dialog, name: first.instance.name }) : setOpen(true)
        }
      >
        {word}
        {fleet.length > 0 && fleet.length < chosen.length ? ` ${fleet.length}` : ''}…
      </Button>
      {open && <FleetDialog fleet={fleet} skipped={skipped} onClose={() => setOpen(false)} />}
    </>
  )
}
