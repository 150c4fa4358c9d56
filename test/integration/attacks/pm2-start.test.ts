/** What another user can do to the start of PM2's daemon. */
import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { Daemon, pm2Paths } from '../../../src/main/processes/daemon'
import { privatePm2, type PrivatePm2 } from '../../support/pm2'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers, type SecondUser } from '../../support/second-user'

describeWhere(canMakeUsers, whyNoUsers)("the start of PM2's daemon", () => {
  let other: SecondUser
  let pm2: PrivatePm2
  beforeAll(async () => {
    other = await secondUser()
  })
  afterAll(() => other.remove())
  beforeEach(async () => {
    pm2 = await privatePm2()
    await chmod(dirname(pm2.home), 0o755) // others can reach the home
    await mkdir(pm2.home, { mode: 0o755 }) // as the `pm2` command leaves it
  })
  afterEach(() => pm2.cleanUp())

  it('is not held up by a socket of a name that can be guessed', async () => {
    const name = `instance-manager-pm2-${createHash('sha256').update(pm2.home).digest('hex').slice(0, 32)}`
    const holding = other.start(
      `
      import { createServer } from 'node:net'
      createServer().listen('\\0' + process.argv[2], () => console.log('bound'))`,
      name,
    )
    expect(await holding.line()).toBe('bound')
    await new Daemon(pm2.home).ensure()
    expect(await pm2.daemons()).toEqual([await pm2.daemonPid()])
  })

  it('is not held up by its lock, which no one else can open', async () => {
    const lock = `
      import { spawnSync } from 'node:child_process'
      const { status } = spawnSync('flock', ['--nonblock', process.argv[2], 'true'])
      console.log(status)`
    const canNotOpen = '66\n' // EX_NOINPUT
    expect(await other.run(lock, pm2Paths(pm2.home).start)).toBe(canNotOpen)
    await new Daemon(pm2.home).ensure()
    expect((await stat(pm2.home)).mode & 0o777).toBe(0o700)
    expect((await stat(pm2Paths(pm2.home).start)).mode & 0o777).toBe(0o600)
    await chmod(pm2.home, 0o755) // whatever becomes of the folder
    expect(await other.run(lock, pm2Paths(pm2.home).start)).toBe(canNotOpen)
  })

  it('is refused in a folder of theirs', async () => {
    await mkdir(`${pm2.home}-2`)
    await chown(`${pm2.home}-2`, other.uid, other.gid)
    await expect(new Daemon(`${pm2.home}-2`).ensure()).rejects.toMatchObject({ problem: { code: 'pm2-home-foreign' } })
  })
})
