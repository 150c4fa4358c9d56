/** A small line through the samples, as an SVG path. */

interface Frame {
  readonly width: number
  readonly height: number
  /** Samples that fill the width; fewer fill its right part, but at least a tenth of `limit` is laid out. */
  readonly limit: number
  /** The scale's least top, so that noise near zero stays flat. */
  readonly least: number
}

/** Fewer are a speck. */
const leastSamples = 3

/** The newest is at the right edge. @returns undefined while there is no line yet */
export function sparklinePath(samples: readonly number[], { width, height, limit, least }: Frame): string | undefined {
  if (samples.length < leastSamples) return undefined
  const shown = samples.slice(-limit)
  const top = Math.max(least, ...shown)
  const step = width / (Math.max(shown.length, limit / 10) - 1)
  const left = width - (shown.length - 1) * step
  return shown
    .map(
      (it, index) =>
        `${index ? 'L' : 'M'}${round(left + index * step)} ${round(height - (Math.max(0, it) / top) * height)}`,
    )
    .join('')
}

const round = (value: number): number => Math.round(value * 10) / 10
