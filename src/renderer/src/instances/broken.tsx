/** A folder that is no usable instance: why, and the way to remove what is left of it. */
import { Button } from '@mantine/core'
import { namePattern } from '../../../shared/instance'
import type { Problem } from '../../../shared/problem'
import { ProblemView } from '../app/problem'
import { leftoversDialog } from '../jobs/faces'
import { useJobs } from '../jobs/jobs'

export function Broken({ folder, problem }: { folder: string; problem: Problem }) {
  const { ask } = useJobs()
  return (
    <ProblemView problem={problem} tone="warn" quiet>
      {namePattern.test(folder) && (
        <Button size="xs" variant="default" onClick={() => ask({ dialog: leftoversDialog, name: folder })}>
          Remove what is left of it…
        </Button>
      )}
    </ProblemView>
  )
}
