/** `logs`: a page that ended by the clock, with few lines or none, is not the end of the log. */
import { expect, it } from 'vitest'
import { logs } from '../../../src/main/cli/commands/logs'
import { Output } from '../../../src/main/cli/print/output'
import type { CommandSession } from '../../../src/main/cli/session'
import type { LogAnchor, LogPage } from '../../../src/shared/log'

/** A log of which each page looks at one line only: every third is wanted. */
function session(): { readonly session: CommandSession; readonly printed: () => string } {
  let text = ''
  const out = new Output({
    on: () => undefined,
    write: (chunk: string) => {
      text += chunk
    },
  } as unknown as NodeJS.WriteStream)
  const page = (anchor: LogAnchor): LogPage => {
    const at =
      anchor.type === 'end' ? 10 : anchor.type === 'time' ? -1 : 'position' in anchor ? Number(anchor.position) : 0
    const next = anchor.type === 'end' || anchor.type === 'before' ? at - 1 : at + 1
    const lines =
      next % 3 === 0
        ? [{ position: String(next), text: `line ${next}`, error: false, continues: false, matches: [] }]
        : []
    return { lines, atStart: next <= 0, atEnd: next >= 9, from: 0, to: 0, size: 0, more: String(next) }
  }
  const client = { logs: { page: { query: ({ anchor }: { anchor: LogAnchor }) => Promise.resolve(page(anchor)) } } }
  return {
    printed: () => text,
    session: {
      out,
      json: false,
      engine: () => Promise.resolve({ client }),
      whileWatched: (work: (signal: AbortSignal) => unknown) => work(new AbortController().signal),
    } as unknown as CommandSession,
  }
}
const source = { kind: 'app' } as const

it.each([[{ grep: 'line' }], [{ grep: 'line', since: 1 }]])('%j shows all lines that are wanted', async options => {
  const { session: its, printed } = session()
  await logs(its, source, options)
  expect(printed()).toBe('line 0\nline 3\nline 6\nline 9\n')
})
