/** Estimates how long a rebuild will take from earlier ones. */
import { rebuildJob } from '../../../shared/jobs/rebuild'
import type { OperationState } from '../../../shared/operation'
import type { RebuildReview } from '../../../shared/rebuild-review'
import type { KeptRelease } from '../../releases/kept'

/** How many earlier rebuilds count: older ones may be of quite a different application. */
const most = 5

/**
 * The median of the last successful rebuilds that had to prepare a release, or of those that didn't. A release's time
 * shows which rebuild prepared it.
 * @param operations oldest first @param prepared whether the release exists already
 */
export function expectedTime(
  operations: readonly OperationState[],
  releases: readonly KeptRelease[],
  prepared: boolean,
): RebuildReview['expected'] {
  const times = operations
    .filter(it => it.kind === rebuildJob.kind && it.phase === 'succeeded' && hasPrepared(it, releases) === !prepared)
    .slice(-most)
    .map(it => (Date.parse(it.settledAt ?? '') - Date.parse(it.openedAt)) / 1000)
    .toSorted((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)]
  return median === undefined ? undefined : { seconds: median, runs: times.length }
}

/** Undefined if the release is gone. */
function hasPrepared({ plan, steps }: OperationState, releases: readonly KeptRelease[]): boolean | undefined {
  const fingerprint = rebuildJob.plan.safeParse(plan).data?.fingerprint
  const prepared = releases.find(it => it.fingerprint === fingerprint)?.prepared
  const step = steps.find(it => it.name === 'prepare-release')
  if (!prepared || step?.startedAt === undefined || step.endedAt === undefined) return undefined
  return prepared >= step.startedAt && prepared <= step.endedAt
}
