/** What renames say about names, so that addresses, histories and passwords follow an instance. */
import { renameJob } from '../../../shared/jobs/rename'
import { planOf, subjectOf } from '../../../shared/jobs/words'
import { isOpen, type OperationState } from '../../../shared/operation'

interface Renaming {
  readonly from: string
  readonly to: string
  readonly operation: OperationState
}

/** Oldest first. */
const renamesIn = (operations: readonly OperationState[]): readonly Renaming[] =>
  operations
    .flatMap(operation => {
      const plan = planOf(renameJob, operation)
      return plan ? [{ from: plan.before.name, to: plan.target.name, operation }] : []
    })
    .toSorted((a, b) => a.operation.openedAt.localeCompare(b.operation.openedAt))

/** The name that an instance gets, while it is being renamed. */
export const comingName = (operation: OperationState): string | undefined =>
  isOpen(operation) ? planOf(renameJob, operation)?.target.name : undefined

/** What the instance that an operation was about is called now. @param all every known operation */
export const nameNow = (operation: OperationState, all: readonly OperationState[]): string =>
  renamesIn(all)
    .filter(it => it.operation.phase === 'succeeded' && it.operation.openedAt >= operation.openedAt)
    .reduce((now, { from, to }) => (from === now ? to : now), subjectOf(operation))

/**
 * Where an instance is that isn't found under this name: it was or is being renamed, or a rename was undone. Not once
 * another instance had the name.
 * @param exists whether there is an instance of a name
 */
export function foundAs(
  operations: readonly OperationState[],
  name: string,
  exists: (name: string) => boolean,
): string | undefined {
  const another = operations
    .filter(it => it.subject === name.toLowerCase() && it.kind !== renameJob.kind && it.phase !== 'rolled-back')
    .reduce((newest, { openedAt }) => (openedAt > newest ? openedAt : newest), '')
  const all = renamesIn(operations).filter(it => it.operation.openedAt > another)
  const later = all
    .filter(it => it.operation.phase !== 'rolled-back')
    .reduce((now, { from, to }) => (from === now ? to : now), name)
  if (exists(later)) return later
  return all.findLast(it => it.to === name && exists(it.from))?.from
}

/** An instance's operations, also those under its earlier names. @param operations in any order; it is kept */
export function historyOf(operations: readonly OperationState[], name: string): readonly OperationState[] {
  const renames = new Map(renamesIn(operations).map(it => [it.operation.id, it]))
  const its = new Set<string>()
  let called = name.toLowerCase()
  for (const { id, subject, phase } of operations.toSorted((a, b) => b.openedAt.localeCompare(a.openedAt))) {
    const renamed = phase === 'rolled-back' ? undefined : renames.get(id)
    if (renamed?.to.toLowerCase() !== called && subject !== called) continue
    if (phase === 'succeeded' && renamed && renamed.to.toLowerCase() !== called) break // before that, another instance was called this
    its.add(id)
    called = subject // before a rename, it was called this
  }
  return operations.filter(it => its.has(it.id))
}
