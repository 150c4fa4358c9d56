/** The arithmetic of charts over time. Coordinates are in percent of the plot: 0, 0 is its top left corner. */

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly value: number
}

export interface Range {
  readonly from: number
  readonly until: number
}

/** What a chart shows: values of the same kind, and how they are drawn. */
export interface Series {
  readonly word: string
  /** Oldest first. */
  readonly points: readonly Point[]
  /** Milliseconds between two points, above which there is nothing to draw between them. */
  readonly gap: number
  /** The minimum top of the scale, so that noise near zero stays flat. */
  readonly least: number
  readonly show: (value: number) => string
  /** Chooses its colour; the accent by default. */
  readonly of?: 'cpu' | 'memory'
}

/** The last so many milliseconds; less while less is known, but never less than a sixth of it. */
export function lastOf(span: number, { points }: Series, until: number): Range {
  const known = until - (points[0]?.at ?? until)
  return { from: until - Math.min(span, Math.max(known, span / 6)), until }
}

export const topOf = ({ points, least }: Series): number => points.reduce((top, it) => Math.max(top, it.value), least)

export const leftOf = (at: number, { from, until }: Range): number => ((at - from) / (until - from)) * 100

const round = (value: number): number => Math.round(value * 100) / 100

/** One SVG path for each stretch without a gap. */
export function pathsOf(series: Series, range: Range): string[] {
  const top = topOf(series)
  const paths: string[] = []
  let last = -Infinity
  for (const { at, value } of series.points) {
    if (at < range.from) continue
    const place = `${round(leftOf(at, range))} ${round(100 - (Math.max(0, value) / top) * 100)}`
    if (at - last > series.gap) paths.push(`M${place}`)
    else paths.push(`${paths.pop() ?? ''}L${place}`)
    last = at
  }
  return paths
}

/** The point nearest to a moment, unless nothing was measured around it. */
export function nearest({ points, gap }: Series, at: number): Point | undefined {
  const after = points.findIndex(it => it.at >= at)
  const around = after === -1 ? points.slice(-1) : points.slice(Math.max(0, after - 1), after + 1)
  const [first, second] = around
  if (!first) return undefined
  const found = second && Math.abs(second.at - at) < Math.abs(first.at - at) ? second : first
  return Math.abs(found.at - at) > gap ? undefined : found
}

const minute = 60_000

/** The mean of each minute, oldest first. */
export function byMinute(points: readonly Point[]): readonly Point[] {
  const minutes = new Map<number, number[]>()
  for (const { at, value } of points) {
    const begin = Math.floor(at / minute) * minute
    minutes.set(begin, [...(minutes.get(begin) ?? []), value])
  }
  return [...minutes].map(([at, values]) => ({ at, value: values.reduce((sum, it) => sum + it, 0) / values.length }))
}

/** Evenly spread moments, from the beginning to the end. */
export const ticksOf = ({ from, until }: Range, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + ((until - from) * index) / (count - 1))
