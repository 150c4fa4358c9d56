/** Filters and sorts instances. */
import { compareNames } from '../../../shared/compare-names'
import type { InstanceView } from '../../../shared/instance'
import type { StatusGroup } from '../../../shared/status'
import type { ShownStatus } from './shown-status'

/** An instance with the status it is shown with. */
export interface ShownInstance {
  readonly instance: InstanceView
  readonly status: ShownStatus
}

export const sortKeys = ['name', 'status', 'port', 'uptime', 'restarts', 'cpu', 'memory', 'database'] as const
export type SortKey = (typeof sortKeys)[number]
export interface Sort {
  readonly key: SortKey
  readonly descending: boolean
}
/** `outdated`: its code is older than the base application's. `tag:…`: it has this tag. */
export type Filter = 'all' | 'outdated' | 'favourites' | StatusGroup | `tag:${string}`

export function isIn(filter: Filter, { instance, status }: ShownInstance): boolean {
  if (filter === 'all') return true
  if (filter === 'outdated') return instance.outdated === true
  if (filter === 'favourites') return instance.favourite === true
  if (isTagFilter(filter)) return instance.tags?.some(it => tagFilter(it) === filter) === true
  return status.group === filter
}

/** Tags are the same regardless of case. */
export const tagFilter = (tag: string): Filter => `tag:${tag.toLowerCase()}`
export const isTagFilter = (filter: string): filter is `tag:${string}` => filter.startsWith('tag:')
export const isStatusFilter = (filter: string): filter is StatusGroup => Object.hasOwn(urgency, filter)
export const isFilter = (text: string): text is Filter =>
  ['all', 'outdated', 'favourites'].includes(text) || isTagFilter(text) || isStatusFilter(text)

export interface TagCount {
  readonly tag: string
  readonly count: number
}

/** All tags in use, in the spelling of the first instance that has them, the most frequent first. */
export function tagsOf(all: readonly Pick<InstanceView, 'tags'>[]): readonly TagCount[] {
  const found = new Map<string, { tag: string; count: number }>()
  for (const tag of all.flatMap(it => it.tags ?? [])) {
    const its = found.get(tag.toLowerCase())
    found.set(tag.toLowerCase(), { tag: its?.tag ?? tag, count: (its?.count ?? 0) + 1 })
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count || compareNames(a.tag, b.tag))
}

/** Those that are offered as filters: the most frequent, and the one in force, even if nothing has it any more. */
export function shownTags(all: readonly TagCount[], filter: Filter): readonly TagCount[] {
  const most = all.slice(0, 6)
  const isActive = ({ tag }: TagCount): boolean => tagFilter(tag) === filter
  if (!isTagFilter(filter) || most.some(isActive)) return most
  return [...most, all.find(isActive) ?? { tag: filter.slice('tag:'.length), count: 0 }]
}

/** Sort order of statuses: what needs attention comes first. */
const urgency: Readonly<Record<StatusGroup, number>> = {
  errored: 0,
  'no database': 1,
  'not answering': 2,
  unstable: 3,
  unknown: 4,
  copy: 5,
  busy: 6,
  'not in PM2': 7,
  stopped: 8,
  online: 9,
}

/** undefined sorts last in either direction. */
const values: Record<Exclude<SortKey, 'name'>, (it: ShownInstance) => number | undefined> = {
  status: it => urgency[it.status.group],
  port: it => it.instance.port,
  // the longest uptime has the earliest start
  uptime: it => (it.instance.startedAt === undefined ? undefined : -it.instance.startedAt),
  restarts: it => it.instance.restarts,
  cpu: it => it.instance.cpu,
  memory: it => it.instance.memory,
  database: it => it.instance.databaseSize,
}

export function arrange(
  all: readonly ShownInstance[],
  { query, filter, sort }: { query: string; filter: Filter; sort: Sort },
): ShownInstance[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return all
    .filter(it => isIn(filter, it) && words.every(word => mentions(it.instance, word)))
    .toSorted((a, b) => compare(a, b, sort))
}

const mentions = ({ name, tags = [] }: InstanceView, word: string): boolean =>
  [name, ...tags].some(it => it.toLowerCase().includes(word))

/** Favourites come first in any order. */
function compare(a: ShownInstance, b: ShownInstance, { key, descending }: Sort): number {
  const favourites = Number(b.instance.favourite === true) - Number(a.instance.favourite === true)
  if (favourites !== 0) return favourites
  const sign = descending ? -1 : 1
  const byName = compareNames(a.instance.name, b.instance.name)
  if (key === 'name') return sign * byName
  const [one, other] = [values[key](a), values[key](b)]
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined) || byName
  return sign * (one - other) || byName
}

/** The number of instances in each group, calm groups first; empty groups are left out. */
export function countGroups(all: readonly ShownInstance[]): { readonly group: StatusGroup; readonly count: number }[] {
  return (Object.keys(urgency) as StatusGroup[])
    .toReversed()
    .map(group => ({ group, count: all.filter(it => it.status.group === group).length }))
    .filter(it => it.count > 0)
}

/** The new sort order when a column header is clicked: numbers start descending, texts ascending. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  if (sort.key === key) return { key, descending: !sort.descending }
  return { key, descending: key !== 'name' && key !== 'status' && key !== 'port' }
}
