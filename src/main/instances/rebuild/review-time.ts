/** Estimates how long a rebuild will take, and how long the instance will be down, from earlier operations. */
import { createJob } from '../../../shared/jobs/create'
import { restartJob, startJob } from '../../../shared/jobs/lifecycle'
import { rebuildJob, rollbackJob } from '../../../shared/jobs/rebuild'
import { planOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'
import type { RebuildReview } from '../../../shared/rebuild-review'
import type { KeptRelease } from '../../releases/kept'

/** How many earlier rebuilds count: older ones may be of quite a different application. */
const maxRuns = 5

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
    .slice(-maxRuns)
    .map(it => secondsBetween(it.openedAt, it.settledAt))
  const seconds = median(times)
  return seconds === undefined ? undefined : { seconds, runs: times.length }
}

/**
 * The median downtime, in seconds, of an instance's last rebuilds and rollbacks or, failing those, of operations that
 * started it. A little too long rather than too short: its folders are looked at before it is stopped.
 * @param operations oldest first @param subject the instance's, as operations name it
 */
export function expectedGap(operations: readonly OperationState[], subject: string): number | undefined {
  const own = operations.filter(it => it.subject === subject && it.phase === 'succeeded')
  const exchanges = own.filter(it => {
    const plan = planOf(rebuildJob, it) ?? planOf(rollbackJob, it)
    return plan !== undefined && !plan.seamless
  })
  const starts = own.filter(it => [createJob, startJob, restartJob].some(({ kind }) => kind === it.kind))
  return median(awayIn(exchanges, ['switch'])) ?? median(awayIn(starts, ['start-process', 'restart-process']))
}

/** @param first the steps that begin it; it ends when the instance is healthy, if it was started at all */
const awayIn = (operations: readonly OperationState[], first: readonly string[]): number[] =>
  operations
    .flatMap(({ steps }) => {
      const began = steps.find(it => first.includes(it.name))?.startedAt
      const healthy = steps.find(it => it.name === 'verify-health')?.endedAt
      return began === undefined || healthy === undefined ? [] : [secondsBetween(began, healthy)]
    })
    .slice(-maxRuns)

const secondsBetween = (from: string, to = ''): number => (Date.parse(to) - Date.parse(from)) / 1000

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** Undefined if the release is gone. */
function hasPrepared({ plan, steps }: OperationState, releases: readonly KeptRelease[]): boolean | undefined {
  const fingerprint = rebuildJob.plan.safeParse(plan).data?.fingerprint
  const prepared = releases.find(it => it.fingerprint === fingerprint)?.prepared
  const step = steps.find(it => it.name === 'prepare-release')
  if (!prepared || step?.startedAt === undefined || step.endedAt === undefined) return undefined
  return prepared >= step.startedAt && prepared <= step.endedAt
}
