/**
 * A line through the samples as an SVG path, the newest at the right edge, as wide as `limit` samples.
 * @param least the scale's least top, so that noise near zero stays flat
 */
export function sparklinePath(samples: readonly number[], { width, height, limit, least }: { width: number; height: number; limit: number; least: number }): string {
  if (samples.length < 2) return ''
  const shown = samples.slice(-limit)
  const top = Math.max(least, ...shown)
  const step = width / (limit - 1)
  const left = width - (shown.length - 1) * step
  return shown.map((it, index) => `${index ? 'L' : 'M'}${round(left + index * step)} ${round(height - (Math.max(0, it) / top) * height)}`).join('')
}

const round = (value: number): number => Math.round(value * 10) / 10
