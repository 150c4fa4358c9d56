/** Where the window was and how it looked, so that the next start shows it again: on displays that may be others meanwhile. */
import { readFileSync } from 'node:fs'
import { themes, type Theme } from '../../shared/theme'

/** In pixels, as Electron gives them. */
export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Place extends Area {
  /** The area is then the one that it returns to. */
  readonly maximized: boolean
  readonly theme?: Theme
}

/** How much of the title bar must be visible, so that the window can be dragged. */
const grip = { width: 120, height: 32 }

/** A missing or damaged file counts as none: it holds nothing important. */
export function readPlace(path: string): Place | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isPlace(read) ? read : undefined
  } catch {
    return undefined
  }
}

/**
 * @param areas the displays' usable areas
 * @returns the place, no larger than its display; only a size, to be centred, if its title bar would be out of reach
 */
export function placeOn(
  areas: readonly Area[],
  { x, y, width, height }: Area,
): Pick<Area, 'width' | 'height'> & Partial<Area> {
  const on = areas.find(
    area =>
      Math.min(x + width, area.x + area.width) - Math.max(x, area.x) >= grip.width &&
      y >= area.y &&
      y + grip.height <= area.y + area.height,
  )
  const [most] = on ? [on] : areas
  const size = { width: Math.min(width, most?.width ?? width), height: Math.min(height, most?.height ?? height) }
  return on ? { x, y, ...size } : size
}

const isPlace = (read: unknown): read is Place => {
  if (typeof read !== 'object' || read === null) return false
  const { maximized, theme = 'system', ...area } = read as Record<string, unknown>
  if (!themes.some(it => it === theme)) return false
  return typeof maximized === 'boolean' && ['x', 'y', 'width', 'height'].every(it => Number.isInteger(area[it]))
}
