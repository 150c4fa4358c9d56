/** What is in a database, as text that can be compared. */
import { text } from 'node:stream/consumers'
import { postgres } from '../../src/main/infrastructure/services/postgres'
import { readCatalogue } from '../../src/main/schema/catalogue'
import { readContent } from '../../src/main/schema/content'
import { withSession } from '../../src/main/schema/session'
import type { TestWorkspace } from './workspace'

/**
 * Its schema and all rows, but not what is kept for the way back: by `pg_dump` of the server's own version, or, where
 * that isn't installed, by our own catalogue and hashes. Rows of a table are sorted: their order is that of the last
 * writes. The workspace is open, its infrastructure up.
 */
export async function dumpOf({ services }: Pick<TestWorkspace, 'services'>, database: string): Promise<string> {
  const { infrastructure } = services
  const { tool } = await infrastructure.driver()
  if (!tool)
    return withSession({ ...(await infrastructure.admin()), database }, async client => {
      const catalogue = await readCatalogue(client)
      return JSON.stringify([catalogue, await readContent(client, catalogue)], undefined, 1)
    })
  const options = { signal: AbortSignal.timeout(60_000), timeout: 60_000 }
  const args = ['--exclude-schema=im_kept', `--dbname=${database}`]
  const { stdout, ended } = await tool(postgres, 'pg_dump', args, options)
  const [dump] = await Promise.all([text(stdout), ended])
  return dump
    .replaceAll(/^(?:--.*|\\(?:un)?restrict .*|)\n/gm, '') // comments, and a token that is another each time
    .replaceAll(/^(COPY .*;\n)([^]*?)(?=^\\\.$)/gm, (_, head: string, rows: string) => head + sorted(rows))
}

/** Whole lines. */
const sorted = (rows: string): string => (rows.match(/.*\n/g) ?? []).toSorted().join('')
