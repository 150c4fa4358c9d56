/**
 * The walk's part on the list of instances: with many of them, in every state, and everything that is asked about them.
 */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { Processes } from '../../../src/main/processes/client'
import { pm2Paths } from '../../../src/main/processes/daemon'
import { appsOf } from '../../../src/main/processes/leftovers'
import { layOut, makeDatabase } from '../../support/cli-instance'
import { httpApp } from '../../support/pm2'
import { InstanceList } from '../pages/instances'
import { LogPane } from '../pages/logs'
import { expect, type TestHome } from './fixtures'
import { answerOf, kill9 } from './tiny-home'
import { settled } from './looks'
import type { Look } from './tour'

/** @param window shows the list; Lakeside and Riverside run */
export async function instancesTour(window: Page, place: TestHome, look: Look): Promise<void> {
  const list = new InstanceList(window)
  const { room } = list
  await addOthers(place)
  await expect(list.row('Old-Town')).toBeVisible()
  await expect(window.getByText('Folders that can’t be used')).toBeVisible()

  for (const name of ['Brookfield', 'Eastgate', 'Harbour', 'Lakeside', 'Meadow', 'Quayside'])
    await list.row(name).getByRole('checkbox').check()
  await look('instances-selected')
  await list.chosen.getByRole('button', { name: 'Start 5' }).click()
  await expect(list.report).toContainText('Started 3 of 6, 2 skipped, 1 failed.', { timeout: 60_000 })
  await window.keyboard.press('Escape')
  await look('instances-report')
  await list.report.getByRole('button', { name: 'Dismiss' }).click()
  await new Processes(join(place.home.path, '.pm2')).stop({
    name: 'Riverside',
    cwd: join(place.root, 'instances', 'Riverside', 'server'),
  })
  await expect(list.row('Riverside')).toContainText('Stopped')
  await expect
    .poll(
      async () => {
        // some samples of CPU and memory, while it has something to do
        await answerOf(place.ports.firstInstance + 12)
        return list.row('Harbour').locator('td svg path[class*="stroke"]').count()
      },
      { timeout: 30_000 },
    )
    .toBe(2)
  await look('instances')
  await list.view('Grid').click()
  await look('instances-grid')
  await list.view('Table').click()

  const openMenu = async (): Promise<void> => {
    if (!(await list.menu.isVisible()))
      await list.row('Harbour').getByRole('button', { name: 'Actions for Harbour' }).click()
    await expect(list.menu).toBeVisible()
    await settled(window)
  }
  await openMenu()
  await look('instance-menu', openMenu)
  await openMenu()
  await list.menu.getByRole('menuitem', { name: 'Change port…' }).click()
  const port = room.dialog('Change the port of Harbour')
  await port.getByRole('textbox', { name: 'New port' }).fill(String(place.ports.firstInstance))
  await expect(port).toContainText('is taken')
  await look('change-port')
  await port.getByRole('button', { name: 'Cancel' }).click()
  await list.act('Lakeside', 'Rename…')
  const naming = room.dialog('Rename Lakeside')
  await naming.getByRole('textbox', { name: 'New name' }).fill('Harbour')
  await expect(naming).toContainText('already')
  await look('rename')
  await naming.getByRole('button', { name: 'Cancel' }).click()
  await list.act('Lakeside', 'Change limits…')
  const limits = room.dialog('Change the limits of Lakeside')
  await limits.getByRole('textbox', { name: 'Pool size' }).fill('900')
  await expect(limits).toContainText('from 1 to 200')
  await look('limits')
  await limits.getByRole('button', { name: 'Cancel' }).click()
  await list.act('Lakeside', 'Director’s account…')
  const director = room.dialog('Director of Lakeside')
  await expect(director.getByRole('textbox', { name: 'New password' })).toHaveValue(/^\w{24}$/)
  await look('director')
  await director.getByRole('button', { name: 'Change' }).click()
  await expect(director.getByTestId('password')).toHaveText(/^\w{24}$/)
  await look('director-changed')
  await director.getByRole('button', { name: 'Done' }).click()
  await list.act('Lakeside', 'Edit environment…')
  const environment = room.dialog('Environment of Lakeside')
  await environment.getByRole('button', { name: 'Add a variable' }).click()
  await environment.getByRole('textbox', { name: 'Name', exact: true }).fill('PORT')
  await expect(environment).toContainText('Use “Change port…”')
  await look('environment')
  await environment.getByRole('button', { name: 'Cancel' }).click()
  await list.act('Lakeside', 'Delete…')
  const remove = room.dialog('Delete Lakeside?')
  await expect(remove.getByRole('list')).toContainText('uploads')
  await look('delete')
  await remove.getByRole('button', { name: 'Keep it' }).click()
  await list.button('Start', 'Quayside').click()
  const question = room.dialog(/^Lakeside runs on/)
  await expect(question).toBeVisible()
  await look('port-switch')
  await question.getByRole('button', { name: 'Cancel' }).click()

  await list.show('Lakeside')
  await expect(window.getByRole('button', { name: 'Show DATABASE_URL' })).toBeVisible()
  await look('instance')
  const tabs = window.getByRole('navigation', { name: 'Lakeside' })
  await tabs.getByRole('link', { name: 'Tables' }).click()
  await window.getByRole('navigation', { name: 'Tables' }).getByRole('button', { name: 'User' }).click()
  await expect(window.getByRole('main').getByRole('table')).toContainText('ada@')
  await look('instance-tables')
  await tabs.getByRole('link', { name: 'Terminal' }).click()
  await expect(window.getByRole('region', { name: 'Terminal of Lakeside' })).toContainText('instances/Lakeside')
  await look('instance-terminal')
  await logsTour(window, place, look)
  await room.go('Instances')
  await loseAll(place, 'Harbour')
  const [lost, down] = [
    list.banner('PM2 was restarted; 3 instances are still running without it.'),
    list.banner('Harbour is down.'),
  ]
  await expect(lost).toBeVisible()
  await expect(down).toBeVisible()
  await look('instances-lost')
  await lost.getByRole('button', { name: 'Take over' }).click()
  await expect(list.report).toContainText('Restarted 3 of 3.', { timeout: 60_000 })
  await list.report.getByRole('button', { name: 'Dismiss' }).click()
  await down.getByRole('button', { name: 'Restart' }).click()
  await expect(list.row('Harbour')).toContainText('Online', { timeout: 60_000 })
}

/** A log as a morning at a school writes it: live, and searched. @param window shows Lakeside's page */
async function logsTour(window: Page, { home }: TestHome, look: Look): Promise<void> {
  const [out, err] = ['out', 'error'].map(it => join(home.path, '.pm2', 'logs', `Lakeside-${it}.log`)) as [
    string,
    string,
  ]
  const begin = Date.now() - 120_000
  const at = (second: number): string => {
    const time = new Date(begin + second * 1000)
    return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
  }
  await appendFile(
    out,
    Array.from({ length: 60 }, (_, index) => {
      const [method, path] = (
        ['GET /api/classes', 'GET /api/users/me', 'POST /api/samples', 'GET /uploads/profile-pics/17.png'][index % 4] ??
        ''
      ).split(' ')
      return `${at(index)}: \u001b[36m${method}\u001b[0m ${path} \u001b[32m${method === 'POST' ? 201 : 200}\u001b[0m ${8 + ((index * 7) % 31)} ms\n`
    }).join(''),
  )
  const stack = [
    'Error: The file is no image: sample-31.tiff',
    '    at readSample (server/samples.js:41:11)',
    '    at async addSample (server/samples.js:88:18)',
  ]
  await appendFile(err, stack.map(it => `${at(61)}: ${it}\n`).join(''))
  await window.getByRole('navigation', { name: 'Lakeside' }).getByRole('link', { name: 'Logs' }).click()
  const log = new LogPane(window, 'Lakeside')
  await expect(log.live).toContainText('at async addSample')
  await look('logs')
  await log.search.fill('samples')
  await expect(log.matches).toContainText('of')
  await look('logs-search')
}

/**
 * Some that the command line tool left: one that ends at once, one whose port another has, one never started; and a
 * folder that cannot be read.
 */
async function addOthers(place: TestHome): Promise<void> {
  const { root, ports } = place
  const status = () => Promise.resolve({ postgres: { port: ports.postgres }, pgbouncer: { port: ports.pgbouncer } })
  const names = ['Brookfield', 'Eastgate', 'Harbour', 'Meadow', 'Old-Town', 'Quayside']
  for (const [index, name] of names.entries()) {
    const port = ports.firstInstance + (name === 'Quayside' ? 0 : 10 + index)
    const its = await layOut({ root, services: { infrastructure: { status } } }, name, port)
    await writeFile(
      join(its.server, 'index.js'),
      name === 'Meadow' ? 'throw new Error("I cannot go on")' : httpApp(port),
    )
    await makeDatabase(place, its)
  }
  const broken = join(root, 'instances', 'North-Campus')
  await mkdir(broken)
  await writeFile(join(broken, 'config.json'), '{ "name": "North-Campus", ')
}

/** PM2's daemon ends as a crash ends it, once all that it runs is well under way; one of these ends with it. */
async function loseAll({ home }: TestHome, one: string): Promise<void> {
  const pm2Home = join(home.path, '.pm2')
  await expect
    .poll(async () => (await new Processes(pm2Home).list()).filter(it => it.status === 'online').length)
    .toBe(4)
  await kill9(Number(await readFile(pm2Paths(pm2Home).pid, 'utf8')))
  for (const { name, pid } of await appsOf(pm2Home)) if (name === one) await kill9(pid)
}
