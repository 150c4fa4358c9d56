/** Formats a rebuild's review. */
import type { RebuildReview } from '../../../shared/rebuild-review'
import {
  commitWords,
  exampleWords,
  hasSpace,
  keptWords,
  keyWords,
  packageLines,
  schemaWords,
  spaceWords,
  timeWords,
} from '../../../shared/rebuild-words'
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
    ['Database', [cleanLine(schemaWords(changes.schema))]],
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
