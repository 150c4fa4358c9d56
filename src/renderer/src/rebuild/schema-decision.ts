/** What the operator decides about the database's schema, and what a rehearsal says about it. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { agreeTo, type Rehearsal, type Rename } from '../../../shared/schema'
import { useTRPC } from '../app/trpc'

export type SchemaChoice = 'leave' | 'change'

export function useSchemaDecision(name: string) {
  const trpc = useTRPC()
  const [choice, choose] = useState<SchemaChoice>()
  const [renames, setRenames] = useState<readonly Rename[]>([])
  const [fix, setFix] = useState('')
  const [accepted, setAccepted] = useState<Rehearsal>()
  const input = { renames: [...renames], ...(fix && { fix }) }
  const rehearsal = useQuery(
    trpc.rebuild.rehearse.queryOptions(
      { name, ...input },
      {
        enabled: choice === 'change',
        staleTime: Infinity,
        placeholderData: keepPreviousData,
        trpc: { abortOnUnmount: true },
      },
    ),
  )
  const found = rehearsal.isFetching || rehearsal.isPlaceholderData ? undefined : rehearsal.data
  /** Asked again after each rehearsal, which may have found other losses. */
  const accepts = found !== undefined && accepted === found
  return {
    choice,
    choose,
    renames,
    answer: (it: Rename, same: boolean) => setRenames(same ? withRename(renames, it) : without(renames, it)),
    fix,
    setFix,
    rehearsal,
    found,
    accepts,
    accept: (yes: boolean) => setAccepted(yes ? found : undefined),
    /** Nothing is left to decide. */
    decided:
      choice === 'leave' ||
      (found !== undefined && found.class !== 'refused' && (found.class !== 'destructive' || accepts)),
    loses: choice === 'change' && found?.class === 'destructive',
    /** For the job's input. */
    schema: choice === 'change' ? { ...input, acceptLoss: accepts && agreeTo(found.losses, true) } : undefined,
  }
}
export type SchemaDecision = ReturnType<typeof useSchemaDecision>

export const sameRename = (a: Rename, b: Rename): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Confirmed renames, which a rehearsal no longer asks about, and those that it does ask about. */
export const allRenames = (confirmed: readonly Rename[], asked: readonly Rename[]): Rename[] => [
  ...confirmed,
  ...asked.filter(it => !confirmed.some(one => sameRename(it, one))),
]

/** Whether both can't be true: a thing has only one name before and one after. */
const excludes = (a: Rename, b: Rename): boolean =>
  a.kind === 'table'
    ? b.kind === 'table' && (a.from === b.from || a.to === b.to)
    : b.kind === 'column' && a.table === b.table && (a.from === b.from || a.to === b.to)

export const withRename = (renames: readonly Rename[], it: Rename): Rename[] => [
  ...renames.filter(one => !excludes(one, it)),
  it,
]

/** Removing a table's rename also removes those of its columns, which refer to the table by its new name. */
export const without = (renames: readonly Rename[], it: Rename): Rename[] =>
  renames.filter(one => !sameRename(one, it) && !(it.kind === 'table' && one.kind === 'column' && one.table === it.to))
