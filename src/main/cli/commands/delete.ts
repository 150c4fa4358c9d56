/** `delete` and `remove-leftovers`: list what will be deleted, and ask for confirmation on a terminal. */
import { stdin, stderr } from 'node:process'
import { createInterface } from 'node:readline/promises'
import { bytes, count } from '../../../shared/amounts'
import type { DeletePreview, LeftoversPreview } from '../../../shared/removal'
import { deleteJob, deleteManyJob, deleteWord, leftoversJob } from '../../../shared/jobs/delete'
import type { Client } from '../engine'
import { exitCodes } from '../exit-codes'
import { Failure, wrongUsage } from '../failure'
import { endedOf, many, resultOfMany, succeed, withOperations } from '../operate'
import { cleanLine } from '../print/clean'
import { pairs } from '../print/table'
import { interrupted, type Result, type CommandSession } from '../session'

export async function remove(
  session: CommandSession,
  names: readonly string[],
  { confirm }: { readonly confirm?: string },
): Promise<Result> {
  const [name = ''] = names
  const one = names.length === 1
  await confirmed(session, names, confirm, `delete ${one ? 'it' : 'them'} for good`, async client => {
    const lines: string[] = []
    for (const it of names)
      lines.push(...previewLines(it, await client.instances.previewDelete.query({ name: it }), session))
    return lines
  })
  return withOperations(session, async services => {
    if (!one)
      return resultOfMany(
        session,
        await many(services, { kind: deleteManyJob.kind, names: [...names], confirm: deleteWord }),
      )
    const state = await succeed(services, { kind: deleteJob.kind, name, confirm: deleteWord, typed: name })
    return { data: { operation: endedOf(state) } }
  })
}

export async function removeLeftovers(
  session: CommandSession,
  name: string,
  { confirm }: { readonly confirm?: string },
): Promise<Result> {
  await confirmed(session, [name], confirm, 'remove its leftovers', async client =>
    leftoverLines(await client.instances.previewLeftovers.query({ name }), session),
  )
  return withOperations(session, async services => {
    const state = await succeed(services, { kind: leftoversJob.kind, name, confirm: deleteWord })
    return { data: { operation: endedOf(state) } }
  })
}

/**
 * Asks for the instance’s name again, or for the number of several: by `--confirm` (all names), or on the terminal below
 * the preview.
 * @throws Failure if it isn’t given; nothing has been done then
 */
async function confirmed(
  session: CommandSession,
  names: readonly string[],
  given: string | undefined,
  purpose: string,
  preview: (client: Client) => Promise<string[]>,
): Promise<void> {
  const all = cleanLine(names.join())
  if (given === undefined && !session.canAsk)
    throw wrongUsage(
      `This must be confirmed with the ${names.length === 1 ? 'instance’s name' : 'instances’ names'}.`,
      `Add --confirm ${all}.`,
    )
  if (given !== undefined && !isSame(given.replaceAll(/\s*,\s*/g, ','), all))
    throw wrongUsage(`--confirm takes the ${names.length === 1 ? 'name' : 'names'}: ${all}.`)
  if (given !== undefined) return
  const phrase = names.length === 1 ? all : `${names.length} instances`
  const { client } = await session.engine('look')
  session.err.lines(await preview(client))
  const answer = await session.whileWatched(async signal => {
    const lines = createInterface({ input: stdin, output: stderr })
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    try {
      return await lines.question(`Type ${phrase} to ${purpose}: `, { signal })
    } catch {
      throw interrupted()
    } finally {
      lines.close()
    }
  })
  if (!isSame(answer.trim(), phrase))
    throw new Failure({ code: 'cancelled', message: 'Nothing was deleted.' }, exitCodes.refused)
}

/** Commands take names in any capitalisation. */
const isSame = (given: string, asked: string): boolean => given.toLowerCase() === asked.toLowerCase()

function leftoverLines({ running, files, database, logs }: LeftoversPreview, session: CommandSession): string[] {
  const names = `${database.name}, role ${database.role}`
  const states: Record<LeftoversPreview['database']['state'], string | undefined> = {
    ours: `${names}${database.bytes === undefined ? '' : `, ${bytes(database.bytes)}`}`,
    theirs: `${names} will stay. ${database.why ?? ''}`,
    none: undefined,
    unknown: `unknown: ${database.why ?? ''}`,
  }
  return [
    'This will be deleted:',
    ...pairs(
      [
        ['  Process', running ? 'running, will be stopped' : undefined],
        ['  Database', states[database.state]],
        ['  Files', files && fileLine(files)],
        ...(files?.links ?? []).map((it): [string, string] => [
          '  Link',
          `${it.path}: only the link; ${it.target} stays`,
        ]),
        ['  Logs', logs.count ? `${count(logs.count, 'file')}, ${bytes(logs.bytes)}` : undefined],
      ],
      text => session.err.paint('dim', text),
    ).map(cleanLine),
  ]
}

function fileLine({
  folder,
  target,
  stays,
  bytes: all,
  uploads,
  count: files,
  complete,
}: DeletePreview['files']): string {
  if (stays)
    return `${folder}: only this link; ${target ?? ''} stays, because its config.json doesn’t name this instance`
  const size = `${complete ? '' : 'more than '}${count(files, 'file')}, ${complete ? '' : 'at least '}${bytes(all)} (uploads: ${bytes(uploads)})`
  return target === undefined ? `${folder}, ${size}` : `${target} and the link ${folder}, ${size}`
}

function previewLines(
  name: string,
  { running, database, files, logs, systemUser }: DeletePreview,
  session: CommandSession,
): string[] {
  const size = (value: number | undefined): string => (value === undefined ? '' : `, ${bytes(value)}`)
  const connections = database.connections ? `, ${count(database.connections, 'connection')} will be closed` : ''
  return [
    `This will be deleted with “${cleanLine(name)}”:`,
    ...pairs(
      [
        ['  Process', running ? 'running, will be stopped' : 'not running'],
        ['  Database', `${database.name}${size(database.bytes)}${connections}; role ${database.role}`],
        ['  Files', fileLine(files)],
        ...files.links.map((it): [string, string] => ['  Link', `${it.path}: only the link; ${it.target} stays`]),
        ['  Logs', `${count(logs.count, 'file')}${size(logs.bytes)}`],
        ['  System user', systemUser],
      ],
      text => session.err.paint('dim', text),
    ).map(cleanLine),
  ]
}
