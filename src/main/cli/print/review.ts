/** Formats a rebuild's review. */
import type { RebuildReview } from '../../../shared/rebuild-review'
import { capital } from '../../../shared/amounts'
import {
  classWords,
  commitWords,
  driftWords,
  exampleWords,
  hasSpace,
  keptWords,
  keyWords,
  packageLines,
  schemaWords,
  spaceWords,
  timeWords,
  wayBackWords,
} from '../../../shared/rebuild-words'
import { lossWords, renameWords, type Rehearsal } from '../../../shared/schema'
import { cleanLine } from './clean'
import type { Paint } from './style'
import { pairs } from './table'

export function reviewLines(review: RebuildReview, paint: Paint): string[] {
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
    ['Takes', [timeWords(review), hasSpace(disk) ? spaceWords(disk) : paint('red', spaceWords(disk))]],
  ]
  return [
    paint('bold', cleanLine(name)),
    ...pairs(
      sections.flatMap(([word, lines]) => lines.map((it, index) => [index === 0 ? word : '', it] as const)),
      dim,
    ),
  ]
}

/** What a rehearsal found, with the SQL. */
export function rehearsalLines({
  class: kind,
  losses,
  refusal,
  candidates,
  drift,
  rollback,
  change,
}: Rehearsal): string[] {
  const [heading, sentences] = wayBackWords(rollback)
  const indented = (texts: readonly string[]): string[] => texts.map(it => `  ${it}`)
  return [
    classWords[kind],
    ...(refusal ? [refusal.words] : []),
    ...indented(losses.map(it => capital(lossWords(it)))),
    ...candidates.map(it => `Renamed (--rename)? ${capital(renameWords(it))}`),
    ...(drift.length > 0 ? [driftWords] : []),
    ...(kind === 'none' || kind === 'refused' ? [] : [heading, ...indented(sentences)]),
    ...(change ? ['SQL:', ...indented(change.forward.trim().split('\n'))] : []),
  ].map(it => cleanLine(it))
}
