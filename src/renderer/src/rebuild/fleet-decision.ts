/** What the operator decides about the databases of several instances, and what rehearsals say about them. */
import { useEffect, useState } from 'react'
import { rehearseInputSchema } from '../../../shared/jobs/rebuild'
import type { FleetMember } from '../../../shared/rebuild-review'
import { agreeTo, type Rename } from '../../../shared/schema'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'
import { renamesFor, type Found } from './fleet'
import { withRename, without, type SchemaChoice } from './schema-decision'

/**
 * One rehearsal at a time: each takes seconds of the machine on which all instances run. The canary's begins when a
 * change is chosen, the others' when they are asked for.
 */
export function useFleetDecision(fleet: readonly FleetMember[], canary: string) {
  const client = useTRPCClient()
  const [choice, choose] = useState<SchemaChoice>()
  const [renames, setRenames] = useState<readonly Rename[]>([])
  const [fix, setFix] = useState('')
  const [all, rehearseAll] = useState(false)
  /** Keyed by the question. */
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Found>>(new Map())
  /** Consent to these losses. `growing`: also to losing whatever users write there in the meantime. */
  const [consent, setConsent] = useState<{ readonly losses: string; readonly growing: boolean }>()

  const moving = fleet.filter(it => it.moves).toSorted((a, b) => Number(b.name === canary) - Number(a.name === canary))
  const known = [...outcomes.values()].filter(({ name }) => moving.some(it => it.name === name))
  const rows = moving.map(it => {
    const input = { renames: renamesFor(it, moving, known, renames), ...(fix && { fix }) }
    const key = JSON.stringify({ name: it.name, ...input })
    return { name: it.name, input, key, found: outcomes.get(key) }
  })
  const [first] = rows
  const next = choice === 'change' ? rows.slice(0, all ? undefined : 1).find(it => !it.found) : undefined
  const asked = next?.key
  useEffect(() => {
    if (asked === undefined) return undefined
    const stop = new AbortController()
    const input = rehearseInputSchema.parse(JSON.parse(asked))
    const settle = (it: Found): void => {
      if (!stop.signal.aborted) setOutcomes(before => new Map([...before, [asked, it]]))
    }
    const { name } = input
    client.rebuild.rehearse.query(input, { signal: stop.signal }).then(
      rehearsal => settle({ name, rehearsal }),
      (error: unknown) => settle({ name, problem: problemOf(error) }),
    )
    return () => stop.abort()
  }, [client, asked])

  const found = rows.flatMap(it => it.found ?? [])
  const losing = found.flatMap(({ name, rehearsal }) =>
    rehearsal?.class === 'destructive' ? [{ name, rehearsal }] : [],
  )
  const losses = JSON.stringify(losing.map(it => [it.name, it.rehearsal.losses]))
  const accepts = losing.length > 0 && consent?.losses === losses
  const growing = accepts && consent.growing
  const stops = found.some(it => !it.rehearsal || it.rehearsal.class === 'refused')
  return {
    choice,
    choose,
    /** Those whose databases may change, the canary first. */
    rows,
    /** What has been found with the answers as they are now. */
    found,
    /** All that was ever found: a confirmed rename isn't asked about again. */
    known,
    /** Whose rehearsal is in progress. */
    rehearsing: next,
    /** Whether to rehearse the others too; `false` ends the one in progress. */
    rehearseAll,
    /** For one that couldn't be rehearsed. */
    again: ({ name }: Found) =>
      setOutcomes(before => new Map([...before].filter(([, it]) => it.name !== name || it.rehearsal))),
    renames,
    answer: (it: Rename, same: boolean) => setRenames(same ? withRename(renames, it) : without(renames, it)),
    fix,
    setFix,
    losing,
    /** Asked again when rehearsals have found other losses. */
    accepts,
    accept: (yes: boolean) => setConsent(yes ? { losses, growing: false } : undefined),
    growing,
    setGrowing: (yes: boolean) => setConsent({ losses, growing: yes }),
    /** Nothing is left to decide. */
    decided:
      rows.length === 0 ||
      choice === 'leave' ||
      (choice === 'change' && first?.found !== undefined && !next && !stops && (losing.length === 0 || accepts)),
    /** For the job's input. */
    answers:
      choice === 'change'
        ? Object.fromEntries(
            rows.map(({ name, input, found: its }) => {
              const lost = accepts ? (its?.rehearsal?.losses ?? []) : []
              return [name, { ...input, acceptLoss: lost.length > 0 && agreeTo(lost, growing) }]
            }),
          )
        : undefined,
  }
}
export type FleetDecision = ReturnType<typeof useFleetDecision>
