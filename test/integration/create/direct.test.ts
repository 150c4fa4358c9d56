/** A machine on which PgBouncer cannot be had: instances use the direct URL, and say so. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { findProgram } from '../../../src/main/infrastructure/programs'
import { childCommand } from '../../support/child-command'
import { requires } from '../../support/requires'
import { createInput, director, login, testWorkspace, type TestWorkspace } from '../../support/workspace'

/** Runs a command in a mount namespace of its own, where PgBouncer is no program. */
async function withoutPgbouncer([file, ...args]: readonly [string, ...string[]]): Promise<{
  failed: boolean
  all: string
}> {
  const pgbouncer = await findProgram('pgbouncer')
  const hide = pgbouncer === undefined ? 'exec "$@"' : `mount --bind /dev/null "${pgbouncer}" && exec "$@"`
  return execa(
    'unshare',
    ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--', 'sh', '-c', hide, 'sh', file, ...args],
    { input: '', all: true, reject: false, timeout: 170_000 },
  )
}

describe('without PgBouncer', () => {
  let workspace: TestWorkspace
  let possible: boolean
  beforeAll(async () => {
    possible = !(await withoutPgbouncer(['true'])).failed
    workspace = await testWorkspace({ prepared: 'sample' })
  })
  afterAll(() => workspace.remove())

  it('an instance is made on the direct URL, and every list says that it is not pooled', async context => {
    requires(context, possible, 'a mount namespace cannot be made here')
    const { all } = await withoutPgbouncer(
      childCommand(workspace, {
        run: [
          ['infrastructure-start', null],
          ['create', createInput('direct')],
        ],
      }),
    )
    expect(all).toContain('create succeeded')
    await workspace.open()
    const { instances } = await workspace.services.instances.registry.list()
    expect(instances).toMatchObject([{ name: 'direct', status: 'online', pooled: false }])
    expect((await login(instances[0]?.port ?? 0, director.email, director.password)).status).toBe(200)

    const folder = join(workspacePaths(workspace.root).instances, 'direct')
    const database = JSON.parse(await readFile(join(folder, 'db-config.json'), 'utf8')) as {
      url: string
      directUrl: string
      port: number
      directPort: number
    }
    expect(database.url).toBe(database.directUrl)
    expect(database.port).toBe(database.directPort)
    expect(parse(await readFile(join(folder, 'server/.env'), 'utf8'))).toMatchObject({
      DATABASE_URL: database.directUrl,
      DIRECT_URL: database.directUrl,
    })
    const [{ steps } = { steps: [] }] = workspace.services.operations.list().filter(it => it.kind === 'create')
    expect(steps.every(it => it.status === 'done')).toBe(true)
  })
})
