/** Formats a rebuild's review. */
import type { RebuildReview } from '../../../shared/rebuild-review'
import { capital, enumerate } from '../../../shared/amounts'
import { quoteNames } from '../../../shared/notes'
import type { Problem } from '../../../shared/problem'
import {
  classWords,
  commitWords,
  driftWords,
  exampleWords,
  gapWords,
  hasSpace,
  keptWords,
  keyWords,
  packageLines,
  schemaWords,
  spaceWords,
  timeWords,
  wayBackWords,
} from '../../../shared/rebuild-words'
import { lossWords, lostWords, renameWords, type Rehearsal } from '../../../shared/schema'
import { cleanLine } from './clean'
import type { Paint } from './style'
import { pairs } from './table'

/** @param pushes whether the schema is changed if it differs */
export function reviewLines(review: RebuildReview, pushes: boolean, paint: Paint): string[] {
  const { name, release, base, upToDate, changes, env, stays, disk } = review
  const dim = (text: string): string => paint('dim', text)
  const changed: readonly (readonly [string, readonly string[]])[] = [
    [
      'Code',
      [
        ...commitWords(changes.commits, release),
        ...(changes.commits?.newest ?? []).map(({ id, subject }) => `  ${dim(id)}  ${cleanLine(subject)}`),
      ],
    ],
    ['Packages', packageLines(changes).map(cleanLine)],
    ['Database', [cleanLine(schemaWords(review))]],
  ]
  const offered = env.offered.length
    ? [`New in the base application’s .env: ${env.offered.map(keyWords).join(', ')}`]
    : []
  const settings = [...offered, ...[exampleWords(env.exampleOnly) ?? []].flat()]
  const sections: readonly (readonly [string, readonly string[]])[] = [
    [
      'Release',
      [
        upToDate
          ? `${base.slice(0, 8)}, up to date`
          : [release ?? [], base]
              .flat()
              .map(it => it.slice(0, 8))
              .join(' → '),
      ],
    ],
    ...(upToDate ? [] : changed),
    ['Settings', settings.map(cleanLine)],
    ['Stays', keptWords(stays).map(cleanLine)],
    [
      'Takes',
      [
        gapWords(review.gap, pushes),
        timeWords(review),
        hasSpace(disk) ? spaceWords(disk) : paint('red', spaceWords(disk)),
      ],
    ],
  ]
  return [
    paint('bold', cleanLine(name)),
    ...pairs(
      sections.flatMap(([word, lines]) => lines.map((it, index) => [index === 0 ? word : '', it] as const)),
      dim,
    ),
  ]
}

/** What a rehearsal has found for an instance, or why there was none. */
export type Rehearsed = { readonly name: string } & (Rehearsal | { readonly problem: Problem })

/** What a rehearsal has found, with the SQL. @param before those that were shown before it: equal SQL isn't repeated */
export function rehearsalLines(
  { class: kind, losses, refusal, candidates, drift, rollback, change }: Rehearsal,
  before: readonly Rehearsed[],
): string[] {
  const same = before.find(it => 'change' in it && change !== undefined && it.change?.forward === change.forward)
  const [heading, sentences] = wayBackWords(rollback)
  const indented = (texts: readonly string[]): string[] => texts.map(it => `  ${it}`)
  const found = [
    classWords[kind],
    ...(refusal ? [refusal.words] : []),
    ...indented(losses.map(it => capital(lossWords(it)))),
    ...candidates.map(it => `Renamed (--rename)? ${capital(renameWords(it))}`),
    ...(drift.length > 0 ? [driftWords] : []),
    ...(kind === 'none' || kind === 'refused' ? [] : [heading, ...indented(sentences)]),
    ...(same ? [`SQL: the same as for ${same.name}`] : []),
  ].map(quoteNames)
  const sql = change && !same ? ['SQL:', ...indented(change.forward.trim().split('\n'))] : []
  return [...found, ...sql].map(it => cleanLine(it))
}

/** The totals for several instances. @param accepted whether the loss of data is accepted */
export function totalLines(all: readonly Rehearsed[], accepted: boolean): string[] {
  const found = all.flatMap(it => ('problem' in it ? [] : [it]))
  const losing = found.filter(it => it.class === 'destructive')
  const refused = found.filter(it => it.class === 'refused').map(it => it.name)
  const its = losing.map(({ name, losses }) => `  ${name}: ${enumerate(losses.map(lostWords), 8)}`)
  return [
    ...(losing.length > 0 ? [`${losing.length} of ${all.length} would lose data:`, ...its] : []),
    ...(losing.length > 0 && !accepted ? ['Without --accept-data-loss, the rebuild stops at the first of them.'] : []),
    ...(refused.length > 0
      ? [`PostgreSQL refuses it in ${refused.length} of ${all.length}: ${enumerate(refused, 8)}.`]
      : []),
    ...(losing.length + refused.length === 0 && found.length === all.length ? ['No data would be lost.'] : []),
  ].map(it => cleanLine(it))
}
