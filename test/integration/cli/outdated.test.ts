/** What `status` says after an upgrade, while PM2's daemon is still the previous version's. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pm2Version } from '../../../src/main/processes/daemon'
import { oldVersion, startOldDaemon } from '../../support/pm2'
import { cliHome, type CliHome } from './cli'

let home: CliHome
beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
  await startOldDaemon(join(home.path, '.pm2'))
})
afterAll(() => home.remove())

it('status names the outdated process manager and the command for it, in one line', async () => {
  const { err } = await home.must('status')
  expect(err.split('\n').filter(line => line.includes('PM2'))).toEqual([
    `! PM2 ${oldVersion} is still running; ${pm2Version()} is installed. Restart the process manager with “instance-manager pm2 restart”.`,
  ])
  const { data, err: quiet } = await home.must('status --json')
  expect(data).toMatchObject({ instances: { outdatedPm2: { running: oldVersion, installed: pm2Version() } } })
  expect(data).not.toHaveProperty('update') // a clone is updated by nothing
  expect(quiet).toBe('')

  await home.must('pm2 restart')
  expect((await home.must('status')).err).not.toContain('PM2')
})
