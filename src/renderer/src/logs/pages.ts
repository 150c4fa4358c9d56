/** The part of a log that is rendered as rows: a few pages around the visible area, never the whole log. */
import { lineOf, type LogAnchor, type LogLine, type LogPage, type LogPosition } from '../../../shared/log'

/** Lines per request, and lines kept: those far from the visible area are dropped and requested again when needed. */
export const pageSize = 200
export const mostLines = 800

/** Lines that are looked for, if there are as many, before the end of a filtered log is shown. */
export const screenful = 100

export interface Loaded {
  /** Oldest first. */
  readonly lines: readonly LogLine[]
  /** Each line's position in the whole log, 0 to 1; NaN while unknown. */
  readonly places: readonly number[]
  /** There are no lines before, or after, these. */
  readonly atStart: boolean
  readonly atEnd: boolean
  /** Where to continue in either direction: at the outermost lines, or beyond if nothing was found there. */
  readonly first?: LogPosition
  readonly last?: LogPosition
  /** Size of the whole log in bytes. */
  readonly size: number
}

export const noRows: Loaded = { lines: [], places: [], atStart: false, atEnd: false, size: 0 }

export function loadedOf(page: LogPage, anchor: LogAnchor): Loaded {
  const given = 'position' in anchor ? anchor.position : undefined
  // A page that stopped early says where, but not on which side. For `around` the side is unknown, and not needed.
  const more = anchor.type === 'around' ? undefined : page.more
  const backwards = anchor.type === 'end' || anchor.type === 'before' || page.atEnd
  return {
    lines: page.lines,
    places: placesOf(page),
    atStart: page.atStart,
    atEnd: page.atEnd,
    size: page.size,
    first: (backwards ? more : undefined) ?? page.lines[0]?.position ?? given ?? page.more,
    last: (backwards ? undefined : more) ?? page.lines.at(-1)?.position ?? given ?? page.more,
  }
}

/** Lines received live, with nothing after them. */
export function loadedOfLive(lines: readonly LogLine[], atStart: boolean): Loaded {
  return settled({
    lines,
    places: lines.map(() => Number.NaN),
    atStart,
    atEnd: true,
    first: lines[0]?.position,
    last: lines.at(-1)?.position,
    size: 0,
  })
}

/** Prepends an earlier page. */
export function withBefore(loaded: Loaded, page: LogPage): Loaded {
  const known = new Set(loaded.lines.map(it => lineOf(it.position)))
  const fresh = page.lines.filter(it => !known.has(lineOf(it.position)))
  const lines = [...fresh, ...loaded.lines].slice(0, mostLines)
  const dropped = lines.length < fresh.length + loaded.lines.length
  return settled({
    lines,
    places: [...placesOf(page).slice(0, fresh.length), ...loaded.places].slice(0, mostLines),
    atStart: page.atStart,
    atEnd: loaded.atEnd && !dropped,
    size: page.size,
    first: page.more ?? lines[0]?.position ?? loaded.first,
    last: dropped ? lines.at(-1)?.position : (loaded.last ?? lines.at(-1)?.position),
  })
}

/** Appends a later page. */
export function withAfter(loaded: Loaded, page: LogPage): Loaded {
  const known = new Set(loaded.lines.map(it => lineOf(it.position)))
  const fresh = page.lines.filter(it => !known.has(lineOf(it.position)))
  const lines = [...loaded.lines, ...fresh].slice(-mostLines)
  const dropped = lines.length < fresh.length + loaded.lines.length
  return settled({
    lines,
    places: [...loaded.places, ...placesOf(page).slice(-fresh.length || page.lines.length)].slice(-mostLines),
    atStart: loaded.atStart && !dropped,
    atEnd: page.atEnd,
    size: page.size,
    first: dropped ? lines[0]?.position : (loaded.first ?? lines[0]?.position),
    last: page.more ?? lines.at(-1)?.position ?? loaded.last,
  })
}

/** Notes that more has been written, so these lines no longer reach the end. */
export const grown = (loaded: Loaded): Loaded => (loaded.atEnd ? { ...loaded, atEnd: false } : loaded)

/** How much of the log has been searched in that direction, 0 to 1. */
export function lookedOf({ places }: Loaded, side: 'before' | 'after'): number {
  const place = (side === 'before' ? places[0] : places.at(-1)) ?? Number.NaN
  if (Number.isNaN(place)) return 0
  return side === 'before' ? 1 - place : place
}

/** Positions of a page's lines, interpolated between its first and last as if all were equally long. */
function placesOf({ lines, from, to }: LogPage): number[] {
  const step = lines.length > 1 ? (to - from) / (lines.length - 1) : 0
  return lines.map((_, index) => from + step * index)
}

/** Interpolates the positions of lines received live, between the last known position (or the start) and the end. */
function settled(loaded: Loaded): Loaded {
  const unknown = loaded.places.findIndex(Number.isNaN)
  if (unknown < 0 || (unknown === 0 && !loaded.atStart)) return loaded
  const from = unknown === 0 ? 0 : (loaded.places[unknown - 1] ?? 0)
  const count = loaded.places.length - unknown
  return {
    ...loaded,
    places: loaded.places.map((it, index) =>
      index < unknown ? it : from + ((1 - from) * (index - unknown + 1)) / count,
    ),
  }
}
