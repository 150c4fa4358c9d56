/** An instance whose process is running, but which doesn't work, isn't shown as online: the three cases, and the way back. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { openWorkspace } from '../../../src/main/compose'
import type { InstanceList, InstanceView } from '../../../src/shared/instance'
import { layOut, type CliInstance } from '../../support/cli-instance'
import { until, type TestWorkspace } from '../../support/workspace'
import { kill9, mustBulk, pidOf, tinyWorkspace } from './lifecycle'

let workspace: TestWorkspace
let latest: InstanceList | undefined
let stop: AbortController
let loop: CliInstance
let mute: CliInstance

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  await workspace.create({ name: 'school' })
  loop = await layOut(workspace, 'loop')
  mute = await layOut(workspace, 'mute')
  await mustBulk(workspace, 'start', ['loop', 'mute'])
})
afterAll(() => workspace.remove())
beforeEach(async () => {
  stop = new AbortController()
  void (async () => {
    for await (const list of workspace.services.instances.registry.watch(stop.signal)) latest = list
  })()
  latest = undefined
  await shown('school', 'online')
})
afterEach(() => stop.abort())

/** @param code of its trouble; another one may be seen first */
const shown = (name: string, status: InstanceView['status'], code?: string): Promise<InstanceView> =>
  until(() =>
    latest?.instances.find(it => it.name === name && it.status === status && (!code || it.trouble?.code === code)),
  )

/** As a command by itself sees them, which has watched nothing. */
async function afresh(): Promise<Record<string, string>> {
  const services = await openWorkspace({ ...workspace.host, looking: true }, workspace.root)
  try {
    const { instances } = await services.instances.registry.list()
    return Object.fromEntries(instances.map(it => [it.name, it.status]))
  } finally {
    await services.close()
  }
}

it('unstable: PM2 restarts it again and again; not answering: it holds its port, and clients wait', async () => {
  const [script, pid] = [join(loop.server, 'index.js'), await pidOf(workspace, 'mute')]
  await rm(script)
  await writeFile(
    script,
    `setTimeout(() => process.exit(1), 1100); require('http').createServer().listen(${loop.port})`,
  )
  await kill9(await pidOf(workspace, 'loop'))
  process.kill(pid, 'SIGSTOP')
  const client = connect(mute.port, '127.0.0.1')
  try {
    const [unstable, silent] = await Promise.all([shown('loop', 'unstable'), shown('mute', 'not answering')])
    expect(unstable.trouble).toMatchObject({
      code: 'unstable',
      cause: expect.stringContaining('PM2 has restarted it') as string,
    })
    expect(silent.trouble).toMatchObject({ code: 'no-http-answer', cause: 'No answer within 4 s.' })
    expect(await afresh()).toEqual({ school: 'online', loop: 'unstable', mute: 'not answering' })
  } finally {
    process.kill(pid, 'SIGCONT')
    client.destroy()
  }
  await shown('mute', 'online')
  await workspace.processes.stop({ name: 'loop', cwd: loop.server })
})

it('not answering: another program does, on its port', async () => {
  const script = join(mute.server, 'index.js')
  const code = await readFile(script, 'utf8')
  await rm(script)
  await writeFile(script, 'setInterval(() => undefined, 1000)')
  await kill9(await pidOf(workspace, 'mute'))
  const other = createServer((_, response) => response.end('hello')).listen(mute.port, '127.0.0.1')
  try {
    expect(await shown('mute', 'not answering', 'port-held-by-other')).toBeDefined()
  } finally {
    other.close()
    await writeFile(script, code)
  }
  await kill9(await pidOf(workspace, 'mute'))
  await shown('mute', 'online')
})

it('no database: its own password isn’t valid any more', async () => {
  const [known] = await workspace.sql<{ rolpassword: string }>(
    'SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1',
    ['school_user'],
  )
  await workspace.sql('ALTER ROLE school_user PASSWORD $$another$$')
  await kill9(await pidOf(workspace, 'school')) // the new process is asked at once
  expect((await shown('school', 'no database')).trouble).toMatchObject({
    code: 'pool-refuses',
    cause: 'SASL authentication failed',
  })
  await workspace.sql(`ALTER ROLE school_user PASSWORD '${known?.rolpassword}'`)
  await shown('school', 'online')
})

it('no database: PostgreSQL is stopped; it works again with the infrastructure', async () => {
  await workspace.stopInfrastructure()
  const trouble = { cause: 'PostgreSQL isn’t running.', action: 'start-infrastructure' }
  await expect.poll(() => latest?.instances).toMatchObject([{ status: 'stopped' }, { trouble }, { trouble }])
  expect(await afresh()).toEqual({ school: 'no database', loop: 'stopped', mute: 'no database' })
  await workspace.startInfrastructure()
  await shown('school', 'online')
})
