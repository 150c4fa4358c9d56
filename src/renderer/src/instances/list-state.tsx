/** The list's filter, order, selection and view. It lives above the screens, so it survives navigation. */
import { useLocalStorage } from '@mantine/hooks'
import {
  createContext,
  useContext,
  useRef,
  useState,
  type Dispatch,
  type ReactNode,
  type RefObject,
  type SetStateAction,
} from 'react'
import { sortKeys, type Filter, type Sort } from './arrange'
import { nothingSelected, type Selection } from './selection'

export type View = 'table' | 'grid'

interface ListState {
  /** Remembered across windows, like the order. */
  readonly view: View
  readonly setView: (view: View) => void
  readonly sort: Sort
  readonly setSort: (sort: Sort) => void
  readonly query: string
  readonly setQuery: (query: string) => void
  readonly filter: Filter
  readonly setFilter: (filter: Filter) => void
  readonly selection: Selection
  readonly setSelection: Dispatch<SetStateAction<Selection>>
  /** Pixels. */
  readonly scrolled: RefObject<number>
}

const ListContext = createContext<ListState | undefined>(undefined)
const byName: Sort = { key: 'name', descending: false }

export function ListStateProvider({ children }: { children: ReactNode }) {
  const [view, setView] = useLocalStorage({
    key: 'instances.view',
    defaultValue: 'table',
    getInitialValueInEffect: false,
  })
  const [sort, setSort] = useLocalStorage({
    key: 'instances.sort',
    defaultValue: byName,
    getInitialValueInEffect: false,
  })
  const [query, setQuery] = useState('')
  const [filter, setFilter] = useState<Filter>('all')
  const [selection, setSelection] = useState(nothingSelected)
  const scrolled = useRef(0)
  return (
    <ListContext
      value={{
        view: view === 'grid' ? 'grid' : 'table',
        setView,
        sort: sortKeys.includes(sort.key) ? sort : byName,
        setSort,
        query,
        setQuery,
        filter,
        setFilter,
        selection,
        setSelection,
        scrolled,
      }}
    >
      {children}
    </ListContext>
  )
}

export function useListState(): ListState {
  const state = useContext(ListContext)
  if (!state) throw new Error('useListState is used outside of ListStateProvider')
  return state
}
