/** What maintenance last did to each instance, from the operations. */
import { maintenanceJob } from '../../../../shared/jobs/maintenance'
import { resultsOf } from '../../../../shared/jobs/many'
import { maintenanceFigures, type MaintenanceFigures } from '../../../../shared/maintenance'
import type { OperationState } from '../../../../shared/operation'
import type { Problem } from '../../../../shared/problem'

export interface LatestMaintenance {
  readonly name: string
  /** When it ended, ISO 8601, and the operation. Absent: never yet, as far as the history reaches. */
  readonly at?: string
  readonly operation?: string
  readonly figures?: MaintenanceFigures
  readonly problem?: Problem
}

/** @param names the instances, in the order of the result */
export const latestOf = (
  operations: readonly OperationState[],
  names: readonly string[],
): readonly LatestMaintenance[] => {
  const runs = operations
    .filter(it => it.kind === maintenanceJob.kind)
    .toSorted((one, other) => (one.openedAt < other.openedAt ? 1 : -1))
  const ends = runs.map(run => ({ run, results: new Map(resultsOf(run).map(it => [it.name, it.result])) }))
  return names.map(name => {
    const found = ends.find(it => it.results.get(name))
    const result = found?.results.get(name)
    if (!found || !result) return { name }
    const ended = found.run.steps.find(it => it.result === result)?.endedAt
    return {
      name,
      at: ended ?? found.run.openedAt,
      operation: result.operation ?? found.run.id,
      figures: maintenanceFigures(result.figures),
      problem: result.problem,
    }
  })
}
