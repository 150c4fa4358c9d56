/** What a thread is asked to do with a log, as plain data, and its streams opened for that. */
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
  /** Of an instance. */
  readonly name?: 'out' | 'err'
}

export interface LogView {
  readonly streams: readonly StreamSource[]
  readonly filter: LogFilter
  /** What is masked. */
  readonly secrets: readonly string[]
  /** Where compressed files are inflated. */
  readonly cache: string
}

export type LogTask = { readonly view: LogView } & (
  | { readonly type: 'page'; readonly anchor: LogAnchor; readonly count: number }
  | { readonly type: 'find'; readonly from: string; readonly direction: 'next' | 'previous' }
  | { readonly type: 'count'; readonly until?: string }
  | { readonly type: 'follow'; readonly after?: string; readonly drawn?: boolean }
  | { readonly type: 'text'; readonly colours: boolean }
)

/** A stream that is open for reading. */
export interface OpenStream {
  readonly lines: Lines
  /** Of an instance. */
  readonly name: 'out' | 'err' | undefined
  readonly query: StreamQuery
}

/** How often something is read again because the log was rotated meanwhile. */
const attempts = 20

/** Reads from a log that may be rotated meanwhile: then it is read again. */
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
 * Reads in turns. What was read and judged for one turn is not lost to the next, so however slow the machine is, a
 * reading takes no more work than in one go. It is begun again from its last step if the log was rotated meanwhile or a
 * file had to be inflated first.
 * @param read yields where it is whenever a turn is over, and at what it found
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

/** @param patience milliseconds. @param keep bytes of each line that are wanted at least */
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
