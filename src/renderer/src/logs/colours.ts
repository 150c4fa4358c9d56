/** A log's colours on our background, kept legible in light and dark. */
import { terminalTheme } from '../operations/terminal-theme'
import type { Colour, Style } from './spans'

type Scheme = 'light' | 'dark'
type Rgb = readonly [number, number, number]

/** Minimum contrast of text to its background (WCAG AA). A tinted background reduces it. */
const leastContrast = 4.5
const onTinted = 5.5

export interface Drawn {
  readonly color?: string
  readonly backgroundColor?: string
}

/** @param tinted the row has its own background @returns no colours where the page's own apply */
export function drawnColours({ fg, bg, inverse, dim }: Style, scheme: Scheme, tinted = false): Drawn {
  if (fg === undefined && bg === undefined && !inverse && !dim) return {}
  const theme = terminalTheme[scheme]
  const ground = bg === undefined ? theme.background : hexOf(bg, scheme)
  const ink = fg === undefined ? theme.foreground : hexOf(fg, scheme)
  const [under, over] = inverse ? [ink, ground] : [ground, ink]
  const backgroundColor = inverse || bg !== undefined ? under : undefined
  return {
    color: legible(dim ? mix(over, under, 0.3) : over, under, tinted && !backgroundColor ? onTinted : leastContrast),
    backgroundColor,
  }
}

const names = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const

function hexOf(colour: Colour, scheme: Scheme): string {
  if (typeof colour === 'string') return colour
  const name = names[colour]
  if (name) return terminalTheme[scheme][name]
  if (colour >= 232) return hex([8, 8, 8].map(it => it + (colour - 232) * 10))
  const cube = colour - 16
  return hex([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(it => (it ? 55 + it * 40 : 0)))
}

/** The colour, made lighter or darker as far as legibility requires. */
function legible(color: string, ground: string, least: number): string {
  if (contrast(color, ground) >= least) return color
  const towards = contrast('#ffffff', ground) > contrast('#000000', ground) ? '#ffffff' : '#000000'
  for (let share = 0.1; share < 1; share += 0.1) {
    const tried = mix(color, towards, share)
    if (contrast(tried, ground) >= least) return tried
  }
  return towards
}

/** The WCAG contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

function luminance(color: string): number {
  const [r, g, b] = rgb(color).map(it =>
    it / 255 <= 0.04045 ? it / 255 / 12.92 : ((it / 255 + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const rgb = (color: string): Rgb => [1, 3, 5].map(at => Number.parseInt(color.slice(at, at + 2), 16)) as unknown as Rgb
const hex = (parts: readonly number[]): string =>
  `#${parts.map(it => Math.round(it).toString(16).padStart(2, '0')).join('')}`
const mix = (color: string, other: string, share: number): string => {
  const [a, b] = [rgb(color), rgb(other)]
  return hex(a.map((it, index) => it + ((b[index] ?? 0) - it) * share))
}
