/** A draggable scroll bar for the whole log, because the rendered pages only have one of their own. */
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import classes from './rows.module.css'

/** The visible part of the whole log, 0 to 1. */
export interface Seen {
  readonly from: number
  readonly to: number
}

/** The thumb's minimum share of the track, so that it can be grabbed. */
const leastThumb = 0.06

/** @param controls the id of the element it scrolls */
export function Track({ seen, controls, onGo }: { seen: Seen; controls: string; onGo: (fraction: number) => void }) {
  const track = useRef<HTMLDivElement>(null)
  /** Where the thumb was grabbed, as a fraction of the track. */
  const caught = useRef(0)
  const [dragged, setDragged] = useState<number>()
  const share = Math.max(leastThumb, seen.to - seen.from)
  // A thumb longer than the visible part must still reach both ends.
  const free = 1 - (seen.to - seen.from)
  const at = dragged ?? (free > 0.0001 ? Math.min(1, seen.from / free) : 0)

  const fractionOf = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect()
    if (!box) return 0
    return Math.min(1, Math.max(0, ((event.clientY - box.top) / box.height - caught.current) / (1 - share)))
  }
  const go = (fraction: number): void => {
    setDragged(fraction)
    onGo(fraction)
  }
  const down = (event: PointerEvent<HTMLDivElement>): void => {
    const box = track.current?.getBoundingClientRect()
    if (!box || event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const within = (event.clientY - box.top) / box.height - at * (1 - share)
    const onThumb = within >= 0 && within <= share
    caught.current = onThumb ? within : share / 2
    if (onThumb) setDragged(at)
    else go(fractionOf(event))
  }
  const key = (event: KeyboardEvent): void => {
    const by = { ArrowUp: -0.01, ArrowDown: 0.01, PageUp: -0.1, PageDown: 0.1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    event.stopPropagation()
    onGo(Math.min(1, Math.max(0, at + by)))
  }
  return (
    <div
      ref={track}
      className={classes.track}
      role="scrollbar"
      aria-label="Position in the log"
      aria-orientation="vertical"
      aria-controls={controls}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(at * 100)}
      tabIndex={0}
      onKeyDown={key}
      onPointerDown={down}
      onPointerMove={event => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) go(fractionOf(event))
      }}
      onPointerUp={() => setDragged(undefined)}
      onPointerCancel={() => setDragged(undefined)}
    >
      <div
        className={classes.thumb}
        data-dragged={dragged !== undefined || undefined}
        style={{ top: `${at * (1 - share) * 100}%`, height: `${share * 100}%` }}
      />
    </div>
  )
}
