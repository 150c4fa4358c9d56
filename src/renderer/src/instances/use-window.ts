/** Windowing of long lists: renders only the rows near the visible area. */
import { startTransition, useEffect, useEffectEvent, useState, type RefObject } from 'react'

/**
 * Pixels rendered beyond each edge, so that fast scrolling and the Tab key find rows there. The range moves in steps of
 * this size.
 */
const overscan = 360
const step = 180

export interface RowRange {
  readonly first: number
  readonly end: number
}

/** Rows from `first` up to but excluding `end`. @param top pixels from the list's top to the visible area's */
export function rangeOf({
  top,
  seen,
  rows,
  height,
}: {
  top: number
  seen: number
  rows: number
  height: number
}): RowRange {
  const [beyond, by] = [Math.ceil(overscan / height), Math.ceil(step / height)]
  const first = Math.floor((top / height - beyond) / by) * by
  const end = Math.ceil(((top + seen) / height + beyond) / by) * by
  return { first: Math.min(Math.max(0, first), rows), end: Math.min(Math.max(0, end), rows) }
}

/**
 * @param host the element whose top is the top of the first row
 * @param rows the number of rows @param height of a row, in pixels
 */
export function useWindow(host: RefObject<HTMLElement | null>, rows: number, height: number): RowRange {
  // Only what is visible at once; the overscan follows after the first frame.
  const [range, setRange] = useState<RowRange>(() => ({
    first: 0,
    end: Math.min(rows, Math.ceil(window.innerHeight / height)),
  }))
  const measure = useEffectEvent((list: HTMLElement, scroller: HTMLElement) => {
    const top = scroller.getBoundingClientRect().top - list.getBoundingClientRect().top
    const next = rangeOf({ top, seen: scroller.clientHeight, rows, height })
    setRange(it => (it.first === next.first && it.end === next.end ? it : next))
  })
  useEffect(() => {
    const list = host.current
    const scroller = list?.closest('main')
    if (!list || !scroller) return
    const look = (): void => measure(list, scroller)
    // also when elements above the list appear or disappear
    const resize = new ResizeObserver(() => startTransition(look))
    for (const it of [scroller, ...scroller.children]) resize.observe(it)
    scroller.addEventListener('scroll', look, { passive: true })
    return () => {
      resize.disconnect()
      scroller.removeEventListener('scroll', look)
    }
  }, [host])
  // If the list has become shorter than the range, its end is visible.
  const end = Math.min(range.end, rows)
  return { first: Math.max(0, Math.min(range.first, end - (range.end - range.first))), end }
}
