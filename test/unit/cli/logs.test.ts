/** `logs`: a page that ended by the clock, with few lines or none, is not the end of the log. */
import { expect, it } from 'vitest'
import { logs } from '../../../src/main/cli/commands/logs'
import { Output } from '../../../src/main/cli/print/output'
import type { CommandSession } from '../../../src/main/cli/session'
import type { LogAnchor, LogPage } from '../../../src/shared/log'

/** A log of which each page looks at one line only: every third is wanted. */
const sparse = (anchor: LogAnchor): LogPage => {
  const at =
    anchor.type === 'end' ? 10 : anchor.type === 'time' ? -1 : 'position' in anchor ? Number(anchor.position) : 0
  const next = anchor.type === 'end' || anchor.type === 'before' ? at - 1 : at + 1
  const lines =
    next % 3 === 0
      ? [{ position: String(next), text: `line ${next}`, error: false, continues: false, matches: [] }]
      : []
  return { lines, atStart: next <= 0, atEnd: next >= 9, from: 0, to: 0, size: 0, more: String(next) }
}

interface Told {
  readonly session: CommandSession
  readonly printed: () => string
  /** On standard error. */
  readonly said: () => string
}

function session(page: (anchor: LogAnchor, count: number) => LogPage): Told {
  let [text, said] = ['', '']
  const out = new Output({
    on: () => undefined,
    write: (chunk: string) => {
      text += chunk
    },
  } as unknown as NodeJS.WriteStream)
  const query = ({ anchor, count }: { anchor: LogAnchor; count: number }) => Promise.resolve(page(anchor, count))
  return {
    printed: () => text,
    said: () => said,
    session: {
      out,
      json: false,
      say: (it: string) => {
        said += it
      },
      engine: () => Promise.resolve({ client: { logs: { page: { query } } } }),
      whileWatched: (work: (signal: AbortSignal) => unknown) => work(new AbortController().signal),
    } as unknown as CommandSession,
  }
}
const source = { kind: 'app' } as const

it.each([[{ grep: 'line' }], [{ grep: 'line', since: 1 }]])('%j shows all lines that are wanted', async options => {
  const { session: its, printed } = session(sparse)
  await logs(its, source, options)
  expect(printed()).toBe('line 0\nline 3\nline 6\nline 9\n')
})

/** Two errors with stacks, and the end of an older one's, newest last. */
const errors = ['at older', 'Error: one', 'at a', 'at b', 'Error: two', 'at c'].map((text, at) => ({
  position: String(at),
  text,
  error: true,
  continues: text.startsWith('at'),
  matches: [],
}))

it.each([
  [1, 'Error: two\nat c\n'],
  [2, 'Error: one\nat a\nat b\nError: two\nat c\n'],
  [9, 'Error: one\nat a\nat b\nError: two\nat c\n'],
])('--errors --lines %i counts errors, not the lines of their stacks', async (lines, expected) => {
  const { session: its, printed } = session((anchor, count) => {
    const end = anchor.type === 'before' ? Number(anchor.position) : errors.length
    const start = Math.max(0, end - count)
    return { lines: errors.slice(start, end), atStart: start === 0, atEnd: true, from: 0, to: 0, size: 0 }
  })
  await logs(its, source, { errors: true, lines })
  expect(printed()).toBe(expected)
})

it.each([
  [{ grep: 'absent' }, 'No line contains “absent”.'],
  [{ grep: 'absent', errors: true }, 'No error contains “absent”.'],
  [{ errors: true, since: 1 }, 'No error since then.'],
  [{}, 'The log is empty.'],
])('%j without a line says so', async (options, expected) => {
  const {
    session: its,
    printed,
    said,
  } = session(() => ({
    lines: [],
    atStart: true,
    atEnd: true,
    from: 0,
    to: 0,
    size: 0,
  }))
  await logs(its, source, options)
  expect([printed(), said()]).toEqual(['', expected])
})
