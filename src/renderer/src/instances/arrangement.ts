/** How the list is arranged, and how its address says so: `sort=-memory&view=grid&filter=tag%3Atrial&find=school`. */
import { isFilter, isTagFilter, sortKeys, type Filter, type Sort } from './arrange'

export type View = 'table' | 'grid'

export interface Arrangement {
  readonly query: string
  readonly filter: Filter
  readonly sort: Sort
  readonly view: View
}

export const everything = { query: '', filter: 'all' } as const
const plain: Arrangement = { ...everything, sort: { key: 'name', descending: false }, view: 'table' }

/** @param text what follows the question mark; whatever it doesn't say, or says wrongly, is as by default */
export function arrangementOf(text: string, fallback: Pick<Arrangement, 'sort' | 'view'> = plain): Arrangement {
  const said = new URLSearchParams(text)
  const [sort, view, wanted] = [said.get('sort') ?? '', said.get('view'), said.get('filter') ?? '']
  const filter = isTagFilter(wanted) ? wanted.toLowerCase() : wanted
  const key = sortKeys.find(it => it === sort.replace('-', ''))
  return {
    query: said.get('find') ?? '',
    filter: isFilter(filter) ? filter : 'all',
    sort: key ? { key, descending: sort.startsWith('-') } : fallback.sort,
    view: view === 'table' || view === 'grid' ? view : fallback.view,
  }
}

/** Order and view are always said: a copied link shows the same to somebody who prefers others. */
export function textOf({ query, filter, sort, view }: Arrangement): string {
  const text = new URLSearchParams({ sort: `${sort.descending ? '-' : ''}${sort.key}`, view })
  if (filter !== 'all') text.set('filter', filter)
  if (query) text.set('find', query)
  return text.toString()
}
