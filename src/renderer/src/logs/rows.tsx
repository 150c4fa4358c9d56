/**
 * The history as rows: only the pages near the visible area. The visible lines stay in place when pages are added or
 * dropped.
 */
import { useComputedColorScheme } from '@mantine/core'
import {
  useCallback,
  useEffectEvent,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type Ref,
  type WheelEvent,
} from 'react'
import { lineOf, type LogLine } from '../../../shared/log'
import { foldLines } from './folds'
import { isOtherDay } from './moments'
import { noRows } from './pages'
import type { LogReader } from './reader'
import type { ScrollTarget } from './reader-state'
import { useReader } from './use-reader'
import { Row, type RowHandlers } from './row'
import { Track, type Seen } from './track'
import classes from './rows.module.css'

/** Distance in pixels from the first or last row at which more is requested. */
const near = 1200

export interface RowsHandle {
  /** The first visible line. */
  top(): LogLine | undefined
  /** The lines selected with the mouse, wholly or partly. */
  selected(): LogLine[]
  scrollBy(pixels: number): void
  focus(): void
}

interface RowsProps {
  reader: LogReader
  wrap: boolean
  precise: boolean
  /** Whether all stack traces are folded. */
  folded: boolean
  handle: Ref<RowsHandle>
  onMenu: RowHandlers['menu']
}

/** Requires a reader in history mode. */
export function Rows({ reader, wrap, precise, folded, handle, onMenu }: RowsProps) {
  const loaded = useReader(reader, it => it.loaded) ?? noRows
  const target = useReader(reader, it => it.target)
  const current = useReader(reader, it => it.current)
  const scheme = useComputedColorScheme('light')
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  /** The top row and how far it is scrolled out of view, restored after every change of the rows. */
  const anchor = useRef<{ position: string; offset: number; bottom: boolean }>(undefined)
  const reached = useRef<ScrollTarget>(undefined)
  const drawn = useRef<unknown[]>([])
  const [seen, setSeen] = useState<Seen>({ from: 0, to: 1 })
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set())
  const [exceptions, setExceptions] = useState<ReadonlySet<string>>(new Set())
  const lines = useMemo(() => foldLines(loaded.lines, folded, exceptions), [loaded.lines, folded, exceptions])
  const byPosition = useMemo(
    () => new Map(loaded.lines.map((line, index) => [lineOf(line.position), index])),
    [loaded.lines],
  )

  const look = useCallback((): void => {
    const element = scroller.current
    if (!element) return
    const rows = rowsOf(element)
    const [top, bottom] = [rowAt(rows, element.scrollTop), rowAt(rows, element.scrollTop + element.clientHeight - 1)]
    if (!top || !bottom) return
    anchor.current = {
      position: top.dataset['line'] ?? '',
      offset: element.scrollTop - top.offsetTop,
      bottom: element.scrollTop + element.clientHeight >= element.scrollHeight - 1,
    }
    const place = (row: HTMLElement): number => loaded.places[byPosition.get(row.dataset['line'] ?? '') ?? -1] ?? 1
    const whole = element.scrollHeight <= element.clientHeight + 1 && loaded.atStart && loaded.atEnd
    const next = whole
      ? { from: 0, to: 1 }
      : {
          from: loaded.atStart && element.scrollTop <= 1 ? 0 : place(top) || 0,
          to:
            loaded.atEnd && element.scrollTop + element.clientHeight >= element.scrollHeight - 1
              ? 1
              : Number.isNaN(place(bottom))
                ? 1
                : place(bottom),
        }
    setSeen(it => (it.from === next.from && it.to === next.to ? it : next))
  }, [loaded, byPosition])
  const edges = useEffectEvent((element: HTMLElement): void => {
    if (element.scrollTop < near && !loaded.atStart) reader.history.more('before')
    if (element.scrollHeight - element.scrollTop - element.clientHeight < near && !loaded.atEnd)
      reader.history.more('after')
  })

  // Keeps the visible lines in place, whatever was re-rendered.
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const row = (line: string | undefined): HTMLElement | undefined =>
      line === undefined ? undefined : (element.querySelector<HTMLElement>(`[data-line="${line}"]`) ?? undefined)
    if (target && reached.current !== target) {
      reached.current = target
      const wanted = row(target.position && lineOf(target.position))
      if (target.to === 'bottom') element.scrollTop = element.scrollHeight
      else if (wanted && target.to === 'middle')
        element.scrollTop = wanted.offsetTop - (element.clientHeight - wanted.offsetHeight) / 2
      else element.scrollTop = wanted?.offsetTop ?? 0
      element.scrollTop += target.by ?? 0
    } else if ([lines, wrap, precise].some((it, index) => it !== drawn.current[index])) {
      const kept = row(anchor.current?.position)
      if (kept && anchor.current) element.scrollTop = kept.offsetTop + anchor.current.offset
      else if (target?.to === 'bottom') element.scrollTop = element.scrollHeight // there was nothing to scroll to at first
    }
    drawn.current = [lines, wrap, precise]
    look()
    edges(element)
  })

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const scrolled = (): void => {
      look()
      edges(element)
    } // at most once a frame, like the event
    element.addEventListener('scroll', scrolled, { passive: true })
    const resize = new ResizeObserver(() => {
      // lines wrap differently now
      const { position, offset, bottom } = anchor.current ?? {}
      const kept = element.querySelector<HTMLElement>(`[data-line="${position ?? ''}"]`)
      if (bottom) element.scrollTop = element.scrollHeight
      else if (kept) element.scrollTop = kept.offsetTop + (offset ?? 0)
      scrolled()
    })
    resize.observe(element)
    return () => {
      resize.disconnect()
      element.removeEventListener('scroll', scrolled)
    }
  }, [look])

  useImperativeHandle(
    handle,
    () => ({
      top: () => loaded.lines[byPosition.get(anchor.current?.position ?? '') ?? -1],
      selected: () => {
        const selection = getSelection()
        const element = scroller.current
        if (!element || !selection || selection.isCollapsed) return []
        return rowsOf(element)
          .filter(it => selection.containsNode(it, true))
          .map(it => loaded.lines[byPosition.get(it.dataset['line'] ?? '') ?? -1])
          .filter(it => it !== undefined)
      },
      scrollBy: pixels => {
        scroller.current?.scrollBy({ top: pixels })
      },
      focus: () => scroller.current?.focus(),
    }),
    [loaded, byPosition],
  )

  const handlers = useMemo(
    (): RowHandlers => ({
      expand: line => setExpanded(it => new Set([...it, lineOf(line.position)])),
      fold: line => setExceptions(it => toggled(it, lineOf(line.position))),
      menu: onMenu,
    }),
    [onMenu],
  )
  const pastEnd = ({ deltaY }: WheelEvent<HTMLElement>): void => {
    const element = scroller.current
    if (deltaY > 0 && element && loaded.atEnd && element.scrollTop + element.clientHeight >= element.scrollHeight - 1)
      reader.goOn()
  }
  return (
    <div className={classes.body}>
      <div
        ref={scroller}
        id={id}
        className={classes.scroller}
        data-wrap={wrap || undefined}
        data-precise={precise || undefined}
        onWheel={pastEnd}
        tabIndex={0}
        role="group"
        aria-label="Lines"
        data-testid="history"
      >
        <div className={classes.list}>
          {lines.map(({ line, follows, folded: isFolded }, index) => (
            <Row
              key={lineOf(line.position)}
              line={line}
              scheme={scheme}
              precise={precise}
              current={current !== undefined && lineOf(line.position) === lineOf(current)}
              expanded={expanded.has(lineOf(line.position))}
              follows={follows}
              folded={isFolded}
              day={line.at !== undefined && isOtherDay(line.at, lines[index - 1]?.line.at)}
              handlers={handlers}
            />
          ))}
        </div>
      </div>
      {(seen.from > 0 || seen.to < 1) && (
        <Track seen={seen} controls={id} onGo={fraction => reader.history.go(fraction)} />
      )}
    </div>
  )
}

const toggled = (all: ReadonlySet<string>, one: string): ReadonlySet<string> =>
  all.has(one) ? new Set([...all].filter(it => it !== one)) : new Set([...all, one])
const rowsOf = (scroller: HTMLElement): HTMLElement[] => [...scroller.querySelectorAll<HTMLElement>('[data-line]')]

/** The row at a height, by binary search. */
function rowAt(rows: readonly HTMLElement[], height: number): HTMLElement | undefined {
  let [low, high] = [0, rows.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((rows[middle]?.offsetTop ?? 0) <= height) low = middle
    else high = middle - 1
  }
  return rows[low]
}
