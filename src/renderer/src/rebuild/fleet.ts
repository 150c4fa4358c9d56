/** What is asked and found about the databases of several instances, brought together. */
import { capital, count, duration, enumerate } from '../../../shared/amounts'
import type { FleetMember } from '../../../shared/rebuild-review'
import type { Problem } from '../../../shared/problem'
import { isSameLoss, lostWords, type Loss, type Rehearsal, type Rename, type SchemaClass } from '../../../shared/schema'
import { allRenames, sameRename } from './schema-decision'

/** What a rehearsal has found for an instance, or why there was none. */
export type Found = { readonly name: string } & (
  { readonly rehearsal: Rehearsal } | { readonly rehearsal?: undefined; readonly problem: Problem }
)

/** Instances of one release have the same schema. Of those without one, each has its own. */
const schemaOf = ({ name, release }: FleetMember): string => release ?? `(${name})`

/**
 * The renames among these that may be confirmed for an instance: a rehearsal of a database with the same schema has
 * asked about them.
 * @param found everything that rehearsals have found so far
 */
export function renamesFor(
  member: FleetMember,
  fleet: readonly FleetMember[],
  found: readonly Found[],
  confirmed: readonly Rename[],
): Rename[] {
  const alike = fleet.filter(it => schemaOf(it) === schemaOf(member)).map(it => it.name)
  const asked = found.filter(it => alike.includes(it.name)).flatMap(it => it.rehearsal?.candidates ?? [])
  return confirmed.filter(it => asked.some(one => sameRename(one, it)))
}

/** All that are asked about, each once. */
export const askedRenames = (found: readonly Found[]): Rename[] =>
  found.reduce<Rename[]>((all, it) => allRenames(all, it.rehearsal?.candidates ?? []), [])

/** What all of them lose together. */
export const totalLosses = (all: readonly Rehearsal[]): Loss[] =>
  all
    .flatMap(it => it.losses)
    .reduce<Loss[]>((sum, it) => {
      const same = sum.find(one => isSameLoss(one, it))
      return same ? sum.map(one => (one === same ? { ...one, count: one.count + it.count } : one)) : [...sum, it]
    }, [])

export interface Group {
  readonly text: string
  readonly names: readonly string[]
}

/** Instances about which there is the same to say. @param textOf undefined: nothing */
export function groupBy(
  found: readonly Found[],
  textOf: (rehearsal: Rehearsal) => string | undefined,
  textOfProblem: (problem: Problem) => string | undefined = () => undefined,
): readonly Group[] {
  const groups = new Map<string, string[]>()
  for (const it of found) {
    const text = it.rehearsal ? textOf(it.rehearsal) : textOfProblem(it.problem)
    if (text) groups.set(text, [...(groups.get(text) ?? []), it.name])
  }
  return [...groups].map(([text, names]) => ({ text, names }))
}

const classWords: Readonly<Record<Exclude<SchemaClass, 'destructive' | 'refused'>, string>> = {
  none: 'Nothing to change.',
  additive: 'Only adds. Nothing is lost.',
  restrictive: 'Nothing is lost. Some values accepted now will be refused.',
}

/** e.g. “Loses 1,204 values of users.phone.” */
export function foundWords({ class: kind, losses, refusal }: Rehearsal): string {
  if (kind === 'destructive') return `Loses ${enumerate(losses.map(lostWords), 8)}.`
  return kind === 'refused' ? (refusal?.words ?? '') : classWords[kind]
}

export const problemWords = ({ message, cause }: Problem): string => (cause ? `${message} ${cause}` : message)

/** How many names of a group are listed. */
const listed = 8

/** Which of them are down, and for how long. @param moves the schemas of those that need it change */
export function gapLines(fleet: readonly FleetMember[], moves: boolean): string[] {
  const stays = fleet.filter(it => !it.gap.running)
  const seamless = fleet.filter(it => it.gap.running && it.gap.seamless && !(moves && it.moves))
  const away = fleet.filter(it => !stays.includes(it) && !seamless.includes(it))
  const unknown = away.filter(it => it.gap.seconds === undefined)
  const seconds = away.flatMap(it => it.gap.seconds ?? [])
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)].map(it => duration(it * 1000))
  const each = seconds.length > 1 ? ' each' : ''
  const those = (word: string, names: readonly FleetMember[]): string[] =>
    names.length === 0
      ? []
      : [
          `${word}${
            names.length === fleet.length
              ? '.'
              : `: ${enumerate(
                  names.map(it => it.name),
                  listed,
                )}.`
          }`,
        ]
  return [
    ...those(
      `About ${least === most ? least : `${least} to ${most}`}${each}`,
      away.filter(it => it.gap.seconds !== undefined),
    ),
    ...those('As long as the application takes to start', unknown),
    ...those('None, seamless', seamless),
    ...those('None, not running', stays),
  ]
}

/** New keys that one of them lacks, or more. */
export function offeredTo(fleet: readonly FleetMember[]): { key: string; copied: boolean; lacking: number }[] {
  const keys = new Map<string, { key: string; copied: boolean; lacking: number }>()
  for (const { offered } of fleet)
    for (const { key, copied } of offered) keys.set(key, { key, copied, lacking: (keys.get(key)?.lacking ?? 0) + 1 })
  return [...keys.values()]
}

/** What is still unknown if it begins now. */
export const unrehearsedWords = (number: number): string =>
  `${capital(count(number, 'other'))} ${number === 1 ? 'hasn’t' : 'haven’t'} been rehearsed. ${number === 1 ? 'It' : 'Each'} will be when its turn comes; if ${number === 1 ? 'it' : 'one'} would lose data, the rebuild stops there.`
