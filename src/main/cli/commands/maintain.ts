/** `infra maintain`: vacuums, analyzes and reindexes databases, or shows what that would do. */
import { bytes, count, duration } from '../../../shared/amounts'
import { maintenanceJob } from '../../../shared/jobs/maintenance'
import { resultsOf } from '../../../shared/jobs/many'
import {
  maintenanceFigures,
  savedBytes,
  type MaintenanceFigures,
  type MaintenanceReview,
} from '../../../shared/maintenance'
import type { OperationState } from '../../../shared/operation'
import type { Problem } from '../../../shared/problem'
import { exitCodes } from '../exit-codes'
import { endedOf, mustSucceed, withOperations } from '../operate'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import { table } from '../print/table'
import type { CommandSession, Result } from '../session'

export interface MaintainOptions {
  readonly dryRun?: boolean
}

export async function maintain(
  session: CommandSession,
  names: readonly string[],
  { dryRun = false }: MaintainOptions,
): Promise<Result> {
  const chosen = names.length > 0 ? [...names] : undefined
  if (dryRun) return await review(session, chosen)
  return await withOperations(session, async ({ follower }) => {
    const state = await follower.run(client =>
      client.operations.start.mutate({ kind: maintenanceJob.kind, ...(chosen && { names: chosen }) }),
    )
    return resultFor(session, mustSucceed(state))
  })
}

interface Row {
  readonly name: string
  readonly figures?: MaintenanceFigures | undefined
  readonly problem?: Problem | undefined
}

function resultFor(session: CommandSession, state: OperationState): Result {
  const rows: Row[] = resultsOf(state).map(({ name, result }) => ({
    name,
    figures: maintenanceFigures(result?.figures),
    problem: result?.problem,
  }))
  const of = (show: (it: MaintenanceFigures) => string) => (row: Row) => (row.figures ? show(row.figures) : '-')
  const lines = table<Row>(
    [
      { title: 'INSTANCE', text: it => it.name },
      { title: 'DEAD ROWS', right: true, text: of(it => `${it.deadBefore} → ${it.deadAfter}`) },
      { title: 'INDEXES REBUILT', right: true, text: of(it => String(it.indexes)) },
      { title: 'SIZE', right: true, text: of(it => bytes(it.bytesAfter)) },
      { title: 'FREED', right: true, text: of(it => bytes(savedBytes(it))) },
      { title: 'TIME', right: true, text: of(it => duration(it.seconds * 1000)) },
    ],
    rows,
    text => session.out.paint('dim', text),
  )
  return withFailures(session, rows, { operation: endedOf(state), instances: rows }, lines)
}

async function review(session: CommandSession, names: string[] | undefined): Promise<Result> {
  const { client } = await session.engine('look')
  const found = await client.maintenance.review.query({ names })
  const lines = table<MaintenanceReview>(
    [
      { title: 'INSTANCE', text: it => it.name },
      { title: 'CHANGED TABLES', right: true, text: it => String(it.tables ?? '-') },
      { title: 'DEAD ROWS', right: true, text: it => String(it.dead ?? '-') },
      { title: 'BLOATED INDEXES', text: bloatedIn },
    ],
    found,
    text => session.out.paint('dim', text),
  )
  return withFailures(session, found, found, lines)
}

const bloatedIn = ({ bloated }: MaintenanceReview): string =>
  bloated?.map(it => `${cleanLine(it.name)} (${bytes(it.bytes)}, needs ${bytes(it.needed)})`).join(', ') || '-'

/** The table, and each failure below it. */
function withFailures(session: CommandSession, rows: readonly Row[], data: unknown, lines: string[]): Result {
  const failed = rows.flatMap(it => (it.problem ? [{ name: it.name, problem: it.problem }] : []))
  const [first] = failed
  if (!first) return { data, lines }
  if (failed.length === 1) return { exit: exitCodes.failed, problem: first.problem, data, lines }
  if (!session.json) for (const it of failed) session.err.lines(problemLines(it.problem, session.err.paint))
  const message = `${count(failed.length, 'database')} of ${rows.length} had problems: ${failed.map(it => it.name).join(', ')}.`
  return { exit: exitCodes.failed, problem: { code: 'some-failed', message }, data, lines }
}
