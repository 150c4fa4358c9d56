/** After a reboot: one command brings the database and the instances back, or says why it could not. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { signalTo, workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { appsOf } from '../../../src/main/processes/leftovers'
import { isAlive } from '../../../src/main/system/proc'
import type { InfrastructureStatus } from '../../../src/shared/infrastructure'
import type { InstanceList } from '../../../src/shared/instance'
import { makeTiny } from '../../support/tiny-base'
import { until } from '../../support/workspace'
import { cliHome, type CliHome } from './cli'

let home: CliHome
beforeAll(async () => {
  home = await cliHome()
  await home.run('init --sample')
  await makeTiny(home.root)
  await home.run('infra up')
  await home.run('create school --director-name Ada --director-email ada@school.example --generate-password')
})
afterAll(() => home.remove())

/** PM2's daemon and all that it ran, PostgreSQL and PgBouncer: gone in a moment. */
async function reboot(): Promise<void> {
  const pm2Home = home.env['PM2_HOME'] ?? ''
  const daemon = Number(await readFile(join(pm2Home, 'pm2.pid'), 'utf8'))
  signalTo(daemon, 'SIGKILL')
  await until(async () => !(await isAlive(daemon)))
  const left = async (): Promise<number[]> => [
    ...(await appsOf(pm2Home)).map(it => it.pid),
    ...(
      await Promise.all(
        (['postgres', 'pgbouncer'] as const).map(it =>
          workingIn(join(home.root, '.instance-manager/embedded', it), it),
        ),
      )
    ).flat(),
  ]
  await until(async () => {
    const pids = await left()
    for (const pid of pids) signalTo(pid, 'SIGKILL')
    return pids.length === 0
  })
}

const infrastructure = async (): Promise<string[]> => {
  const { postgres, pgbouncer } = (await home.run('infra status --json')).data as InfrastructureStatus
  return [postgres.state, pgbouncer.state]
}
const statusOf = async (): Promise<string | undefined> =>
  ((await home.run('list --json')).data as InstanceList).instances[0]?.status

it.each(['resurrect --all', 'start --all', 'start school', 'restart school'])(
  '%s brings the database up first, as an operation that is shown',
  async command => {
    await reboot()
    expect(await infrastructure()).toEqual(['stopped', 'stopped'])
    const ran = await home.run(`${command} --json`)
    expect(ran).toMatchObject({ exit: 0, ok: true })
    expect(ran.lines.filter(it => it.type === 'opened').map(it => it['kind'])).toEqual([
      'infrastructure-start',
      command.startsWith('restart') ? 'restart' : 'start',
    ])
    expect([await infrastructure(), await statusOf()]).toEqual([['running', 'running'], 'online'])
  },
)

it('resurrect looks after the database even if every instance runs', async () => {
  await home.run('infra down')
  expect(await statusOf()).toBe('no database')
  expect(await home.run('resurrect --all')).toMatchObject({ exit: 0 })
  expect(await infrastructure()).toEqual(['running', 'running'])
})

it.each(['resurrect --all', 'start school'])(
  '%s fails when the database cannot run, and starts nothing',
  async command => {
    const { port } = ((await home.run('infra status --json')).data as InfrastructureStatus).postgres
    await reboot()
    const holder = createServer()
    await new Promise<void>(resolve => {
      holder.listen(port, '127.0.0.1', resolve)
    })
    const ran = await home.run(`${command} --json`)
    await new Promise(resolve => {
      holder.close(resolve)
    })
    expect(ran).toMatchObject({ exit: 1, ok: false, problem: { code: 'port-taken' } })
    expect(await statusOf()).not.toBe('online')
    expect(await home.run('resurrect --all')).toMatchObject({ exit: 0 })
  },
)
