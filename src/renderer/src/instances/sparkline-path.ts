/** A sparkline as an SVG path. */

interface Frame {
  readonly width: number
  readonly height: number
  /** The number of samples that fill the width. Fewer fill the right part, scaled as if there were at least a tenth of it. */
  readonly limit: number
  /** The minimum top of the scale, so that noise near zero stays flat. */
  readonly least: number
}

/** Fewer samples would only be a speck. */
const leastSamples = 3

/** The newest sample is at the right edge. @returns undefined while there are too few samples */
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
