/** Thread tasks as plain data, and opening the streams for them. */
import type { LogAnchor, LogFilter } from '../../shared/log'
import type { Inflated, Touch } from './inflate'
import { Lines } from './lines'
import { LogFile } from './log-file'
import { Matcher, searchedBytes } from './matcher'
import { TimeSlice } from './scan'
import { Masks, shownBytes } from './show'
import type { StreamQuery } from './wanted'

export interface StreamSource {
  /** The live file. */
  readonly path: string
  /** For an instance. */ readonly name?: 'out' | 'err'
}

export interface LogView {
  readonly streams: readonly StreamSource[]
  readonly filter: LogFilter
  /** Secrets to mask. */
  readonly secrets: readonly string[]
  /** For inflated archives. */
  readonly cache: string
}

export type LogTask = { readonly view: LogView } & (
  | { readonly type: 'page'; readonly anchor: LogAnchor; readonly count: number }
  | { readonly type: 'find'; readonly from: string; readonly direction: 'next' | 'previous' }
  | { readonly type: 'count'; readonly until?: string }
  | { readonly type: 'follow'; readonly after?: string; readonly drawn?: boolean }
  | { readonly type: 'text'; readonly colours: boolean }
)

/** A stream open for reading. */
export interface OpenStream {
  readonly lines: Lines
  /** For an instance. */ readonly name: 'out' | 'err' | undefined
  readonly query: StreamQuery
}

/** How often to retry a read because the log was rotated meanwhile. */
const attempts = 20

/** Reads from a log, and again if it was rotated meanwhile. */
export async function steadily<T>(
  view: LogView,
  inflated: Inflated,
  touch: Touch,
  patience: number,
  read: (streams: readonly OpenStream[]) => T,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await inflated.during(() => {
      const streams = openStreams(view, inflated, touch, patience)
      try {
        const value = read(streams)
        return attempt === attempts || streams.every(it => it.lines.file.unmoved) ? { value } : undefined
      } finally {
        for (const it of streams) it.lines.file.close()
      }
    })
    if (answer) return answer.value
  }
}

/**
 * Reads in turns. Each turn builds on the last, so even on a slow machine the total work is the same as in one go.
 * Restarts from the last step if the log was rotated meanwhile or a file had to be inflated first.
 * @param read yields its place at the end of each turn and at each match
 */
export async function* inTurns<Place, Step extends { readonly at: Place }>(
  open: () => readonly OpenStream[],
  inflated: Inflated,
  from: Place,
  read: (streams: readonly OpenStream[], from: Place) => Generator<Step, void, undefined>,
): AsyncGenerator<Step, void, undefined> {
  let at = from
  let reading: { readonly streams: readonly OpenStream[]; readonly steps: Generator<Step, void, undefined> } | undefined
  const end = (): void => {
    for (const it of reading?.streams ?? []) it.lines.file.close()
    reading = undefined
  }
  try {
    for (;;) {
      const { step, moved } = await inflated.during(() => {
        try {
          const streams = reading?.streams ?? open()
          reading ??= { streams, steps: read(streams, at) }
          return { step: reading.steps.next(), moved: !streams.every(it => it.lines.file.unmoved) }
        } catch (error) {
          end()
          throw error
        }
      })
      if (moved) {
        end()
        continue
      }
      if (step.done) return
      at = step.value.at
      yield step.value
    }
  } finally {
    end()
  }
}

/** @param patience milliseconds. @param keep the fewest bytes of each line to keep */
export function openStreams(
  { streams, filter, secrets }: LogView,
  inflated: Inflated,
  touch: Touch,
  patience: number,
  keep = 0,
): OpenStream[] {
  const masks = new Masks(secrets)
  const matcher = filter.search && new Matcher(filter.search, touch.alive)
  const shared = new TimeSlice(patience, touch.alive)
  return streams.map(({ path, name }) => {
    const allErrors = name === 'err'
    const file = new LogFile(path, inflated)
    const lines = new Lines(file, matcher ? searchedBytes : Math.max(keep, shownBytes + 4 * masks.longest), allErrors)
    return { lines, name, query: { filter, matcher, masks, allErrors, patience: shared } }
  })
}
