/** `logs` and `infra logs`: show the end of a log, filter it, follow it, or save it to a file. */
import type { LogFilter, LogLine, LogNews, LogProgress, LogSource } from '../../../shared/log'
import { bytes } from '../../../shared/amounts'
import type { Client } from '../engine'
import { wrongUsage } from '../failure'
import { asJson, clean, cleanLine } from '../print/clean'
import type { Output } from '../print/output'
import { localTime } from '../print/time'
import { interrupted, type Result, type CommandSession } from '../session'
import { runSubscription } from '../subscription'
import { absolute } from '../workspace'

export interface LogOptions {
  readonly lines?: number
  readonly errors?: boolean
  /** Milliseconds since 1970. */
  readonly since?: number
  readonly grep?: string
  readonly ignoreCase?: boolean
  readonly follow?: boolean
  readonly save?: string
  readonly force?: boolean
}

/** The router's page size. */
const pageLength = 1000
const usualLines = 100

export async function logs(session: CommandSession, source: LogSource, options: LogOptions): Promise<Result> {
  if (options.force && options.save === undefined) throw wrongUsage('--force only works with --save.')
  const query = { source, filter: filterOf(options) }
  const { client } = await session.engine('look')
  if (options.save !== undefined) return save(session, client, query, absolute(options.save), options.force ?? false)
  return session.whileWatched(async signal => {
    let last: string | undefined
    for await (const lines of history(client, query, options, signal)) {
      show(session, lines)
      last = lines.at(-1)?.position ?? last
    }
    if (options.follow) await follow(session, client, query, last, signal)
    else if (last === undefined) session.say(nothing(options))
    return {}
  })
}

/** Why nothing was shown. */
function nothing({ grep, errors, since }: LogOptions): string {
  const what = errors ? 'No error' : 'No line'
  if (grep !== undefined) return `${what} contains “${cleanLine(grep)}”.`
  return errors || since !== undefined ? `${what}${since === undefined ? '' : ' since then'}.` : 'The log is empty.'
}

interface Query {
  readonly source: LogSource
  readonly filter: LogFilter
}

function filterOf({ errors = false, since, grep, ignoreCase = false }: LogOptions): LogFilter {
  return {
    errorsOnly: errors,
    from: since,
    context: 0,
    matchesOnly: grep !== undefined,
    ...(grep !== undefined && { search: { text: grep, regex: false, matchCase: !ignoreCase } }),
  }
}

/** The last lines, or errors with their stacks, oldest first; with a time but no number, all lines since then. */
async function* history(
  client: Client,
  query: Query,
  { lines, since }: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLine[], void, undefined> {
  if (since !== undefined && lines === undefined) return yield* forward(client, query, since, signal)
  const { errorsOnly } = query.filter
  const counts = (it: LogLine): boolean => !errorsOnly || !it.continues
  let missing = lines ?? usualLines
  const pages: (readonly LogLine[])[] = []
  for (let anchor: Anchor = { type: 'end' }; missing > 0;) {
    const page = await client.logs.page.query({ ...query, anchor, count: Math.min(missing, pageLength) }, { signal })
    pages.unshift(page.lines)
    missing -= page.lines.filter(counts).length
    const next = page.more ?? page.lines[0]?.position // within its time limit, a page may have found few lines or none
    if (page.atStart || next === undefined) break
    anchor = { type: 'before', position: next }
  }
  const found = pages.flat()
  const first = found.findIndex(counts) // not the end of another error's stack
  yield first > 0 ? found.slice(first) : found
}

type Anchor = Parameters<Client['logs']['page']['query']>[0]['anchor']

async function* forward(
  client: Client,
  query: Query,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLine[], void, undefined> {
  for (let anchor: Anchor = { type: 'time', time: since }; ;) {
    const page = await client.logs.page.query({ ...query, anchor, count: pageLength }, { signal })
    yield page.lines
    const next = page.more ?? page.lines.at(-1)?.position
    if (page.atEnd || next === undefined) return
    anchor = { type: 'after', position: next }
  }
}

function show({ json, out }: CommandSession, lines: readonly LogLine[]): void {
  out.lines(
    lines.map(it =>
      json ? asJson({ type: 'line', ...it }) : `${time(it, out)}${out.coloured ? it.text : clean(it.text)}`,
    ),
  )
}

/** The line's time, if known. */
function time({ at, continues }: LogLine, { paint }: Output): string {
  if (at === undefined || continues) return ''
  return `${paint('dim', localTime(at))}  `
}

/** Follows until Ctrl+C, which counts as success. */
function follow(
  session: CommandSession,
  client: Client,
  query: Query,
  after: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  return runSubscription(signal, done =>
    client.logs.follow.subscribe(
      { ...query, after },
      {
        onData({ lines, skipped, restarted }: LogNews) {
          if (restarted) session.say('The log was truncated or replaced.')
          if (skipped > 0) session.say(`${skipped} lines arrived too fast to be shown; they are in the log.`)
          show(session, lines)
        },
        ...done,
      },
    ),
  ).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

async function save(
  session: CommandSession,
  client: Client,
  query: Query,
  path: string,
  overwrite: boolean,
): Promise<Result> {
  let last: LogProgress | undefined
  await session.whileWatched(async signal => {
    await runSubscription(signal, done =>
      client.logs.save.subscribe(
        { ...query, path, overwrite, colours: false },
        {
          onData: progress => {
            last = progress
          },
          ...done,
        },
      ),
    )
    if (signal.aborted) throw interrupted()
  })
  return { data: { path, ...last }, lines: [`${path}  ${bytes(last?.scanned ?? 0)} read`] }
}
