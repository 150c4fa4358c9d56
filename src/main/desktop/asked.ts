/** What a start of the app asks for: a workspace, and a screen. A second start passes it on to the first one's app. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** The screens that a start can ask for, e.g. by the actions of the desktop entry: the id of each in the menus. */
const screens: ReadonlyMap<string, string> = new Map([
  ['/create', 'create'],
  ['/logs', 'go-/logs'],
])

export interface Asked {
  /** Absolute. */
  readonly workspace?: string
  readonly screen?: string
}

/** @param args the command line's. An unknown screen is ignored. */
export function askedBy(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: { workspace: { type: 'string' }, screen: { type: 'string' } },
    strict: false,
  })
  const { workspace, screen } = values
  return {
    ...(typeof workspace === 'string' && { workspace: resolve(workspace) }),
    ...(typeof screen === 'string' && screens.has(screen) && { screen }),
  }
}

/** What a second start has passed on: nothing if another version of the app started that says it differently. */
export function passedOn(data: unknown): Asked {
  const { workspace, screen } = isAsked(data) ? data : {}
  return {
    ...(workspace !== undefined && { workspace }),
    ...(screen !== undefined && screens.has(screen) && { screen }),
  }
}

/** The entry in the menus that opens the screen. */
export const choiceOf = (screen: string | undefined): string | undefined => screens.get(screen ?? '')

const isAsked = (data: unknown): data is Asked =>
  typeof data === 'object' &&
  data !== null &&
  ['workspace', 'screen'].every(it => ['string', 'undefined'].includes(typeof (data as Record<string, unknown>)[it]))
