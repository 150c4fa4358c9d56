/**
 * The list's arrangement, which is part of its address, and its selection. It lives above the screens: the list is as it
 * was left when one returns without an address.
 */
import { useLocalStorage } from '@mantine/hooks'
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type Dispatch,
  type ReactNode,
  type RefObject,
  type SetStateAction,
} from 'react'
import { useLocation } from 'wouter'
import { useAddressState } from '../app/address'
import { arrangementOf, everything, textOf, type Arrangement } from './arrangement'
import { nothingSelected, type Selection } from './selection'

interface ListState extends Arrangement {
  readonly arrange: (change: Partial<Arrangement>) => void
  readonly selection: Selection
  readonly setSelection: Dispatch<SetStateAction<Selection>>
  /** Pixels. */
  readonly scrolled: RefObject<number>
}

const ListContext = createContext<ListState | undefined>(undefined)
const place = '/instances'

export function ListStateProvider({ children }: { children: ReactNode }) {
  const [path, navigate] = useLocation()
  const address = useAddressState()
  /** Order and view, remembered across windows. */
  const [looks, setLooks] = useLocalStorage({
    key: 'instances.looks',
    defaultValue: '',
    getInitialValueInEffect: false,
  })
  const [left, setLeft] = useState(() => textOf(arrangementOf(looks)))
  const text = path === place && address ? textOf(arrangementOf(address, arrangementOf(left))) : left
  if (text !== left) setLeft(text)
  useEffect(() => {
    setLooks(textOf({ ...arrangementOf(text), ...everything }))
    if (path === place && address !== text) navigate(`${place}?${text}`, { replace: true })
  }, [text, address, path, navigate, setLooks])

  const [selection, setSelection] = useState(nothingSelected)
  const scrolled = useRef(0)
  const state = useMemo(() => {
    const now = arrangementOf(text)
    return {
      ...now,
      // Back leads to the filter before; what is typed, and how the list looks, are no steps.
      arrange: (change: Partial<Arrangement>) =>
        navigate(`${place}?${textOf({ ...now, ...change })}`, { replace: change.filter === undefined }),
      selection,
      setSelection,
      scrolled,
    }
  }, [text, navigate, selection])
  return <ListContext value={state}>{children}</ListContext>
}

export function useListState(): ListState {
  const state = useContext(ListContext)
  if (!state) throw new Error('useListState is used outside of ListStateProvider')
  return state
}
