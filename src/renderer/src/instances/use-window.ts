/** Which rows of a long list are near what is seen: only these are drawn. */
import { startTransition, useEffect, useEffectEvent, useState, type RefObject } from 'react'

/**
 * Pixels drawn beyond each edge, so that quick scrolling and the Tab key find rows there; the range moves by so many at
 * a time.
 */
const overscan = 360
const step = 180

export interface RowRange {
  readonly first: number
  readonly end: number
}

/** Rows from `first` to before `end`. @param top where the seen part begins, measured from the list's own top */
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
 * @param host the element whose top is the first row's
 * @param rows how many there are @param height of each, in pixels
 */
export function useWindow(host: RefObject<HTMLElement | null>, rows: number, height: number): RowRange {
  // What is seen at once; what is beyond comes after the first frame.
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
    // also when what stands above the list comes and goes
    const resize = new ResizeObserver(() => startTransition(look))
    for (const it of [scroller, ...scroller.children]) resize.observe(it)
    scroller.addEventListener('scroll', look, { passive: true })
    return () => {
      resize.disconnect()
      scroller.removeEventListener('scroll', look)
    }
  }, [host])
  // A list that became shorter than the range is seen at its end.
  const end = Math.min(range.end, rows)
  return { first: Math.max(0, Math.min(range.first, end - (range.end - range.first))), end }
}
