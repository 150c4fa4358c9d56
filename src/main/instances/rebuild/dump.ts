/**
 * Dumps a database before its schema changes, for the operator: a rollback never loads the dump over newer rows. Only
 * if the driver has pg_dump of the server's own version.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Driver } from '../../infrastructure/drivers/driver'
import { postgres } from '../../infrastructure/services/postgres'
import { requireInstanceConfig } from '../../workspace/instance-config'
import type { Slot } from '../../workspace/paths'
import { requireRoom } from './schema'
import { pathsOf, type ExchangeStep, type RebuildServices } from './services'

/** Milliseconds for each of the two commands: enough for tens of gigabytes. */
const timeout = 4 * 3_600_000

/** Only we can read it. It is kept beside the old code, and deleted with it. */
const dumpIn = ({ folder }: Slot): string => join(folder, 'database.dump')

export const dumpDatabase = (services: RebuildServices): ExchangeStep => ({
  async do({ plan, signal, report, note }) {
    const paths = pathsOf(services, plan)
    const { tool } = await services.infrastructure.driver()
    if (!tool) return note('The database wasn’t saved: the driver has no pg_dump of the server’s version.')
    const config = await requireInstanceConfig(paths.config)
    await requireRoom(services, 'a dump of the database', config)
    const file = dumpIn(paths.slots.replaced)
    await save(tool, config.database.name, file, signal)
    report({ text: 'Reading the dump back' })
    await readBack(tool, file, signal)
    note(`A dump of the database as it was, for pg_restore: ${dumpIn(paths.slots.previous)}`)
  },
  verify: () => Promise.resolve(false), // half a dump looks like a whole one
  undo: ({ plan }) => rm(dumpIn(pathsOf(services, plan).slots.replaced), { force: true }),
})

/** For a rollback: until it has succeeded, its undo needs the dump that is with the returning code. */
const dumpAside = ({ folder }: Slot): string => join(folder, 'earlier.dump')
export const putDumpAside = (previous: Slot, replaced: Slot): Promise<void> =>
  move(dumpIn(previous), dumpAside(replaced))
export const takeDumpBack = (replaced: Slot, previous: Slot): Promise<void> =>
  move(dumpAside(replaced), dumpIn(previous))
/** The code that it was saved for is back. */
export const forgetDump = (replaced: Slot): Promise<void> => rm(dumpAside(replaced), { force: true })

/** Does nothing if there is none. */
async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

type Tool = NonNullable<Driver['tool']>

async function save(tool: Tool, database: string, file: string, signal: AbortSignal): Promise<void> {
  await rm(file, { force: true }) // left by a crash
  const dump = await tool(postgres, 'pg_dump', ['--format=custom', `--dbname=${database}`], { signal, timeout })
  const [written] = await Promise.allSettled([
    pipeline(dump.stdout, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true })),
    dump.ended,
  ])
  await dump.ended // its error explains best why it failed
  if (written.status === 'rejected') throw written.reason
}

/** Reads the whole dump without restoring anything. */
async function readBack(tool: Tool, file: string, signal: AbortSignal): Promise<void> {
  const input = createReadStream(file)
  const read = await tool(postgres, 'pg_restore', ['--file=/dev/null'], { input, signal, timeout })
  read.stdout.resume()
  await read.ended
}
