/** A folder that isn't a usable instance: why, and how to remove the leftovers. */
import { Button } from '@mantine/core'
import { namePattern } from '../../../shared/instance'
import type { Problem } from '../../../shared/problem'
import { ProblemView } from '../app/problem'
import { leftoversDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'

export function Broken({ folder, problem }: { folder: string; problem: Problem }) {
  const { ask } = useJobs()
  return (
    <ProblemView problem={problem} tone="warn" quiet>
      {namePattern.test(folder) && (
        <Button size="xs" variant="default" onClick={() => ask(about(leftoversDialog, folder))}>
          Remove leftovers…
        </Button>
      )}
    </ProblemView>
  )
}
