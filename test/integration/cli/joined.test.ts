/** An engine that runs on the workspace is joined: commands go through it and tell the same. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { App } from '../../../src/main/app'
import { composeApp } from '../../../src/main/compose'
import type { DatabaseActivity } from '../../../src/shared/database-activity'
import type { InstanceList } from '../../../src/shared/instance'
import type { RebuildReview } from '../../../src/shared/rebuild-review'
import { beginLockWait, connectAs, loginOf } from '../../support/instance-client'
import { makeTiny } from '../../support/tiny-base'
import { product, until, version } from '../../support/workspace'
import { cliHome, type CliHome } from './cli'

const director = '--director-name Ada --director-email ada@school.example --generate-password'

let home: CliHome
let app: App
beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
  await makeTiny(home.root)
  await home.must('infra up')
  await home.must(`create alone ${director}`)
  const data = join(home.path, 'data')
  await mkdir(data)
  app = composeApp({
    kind: 'serve',
    version,
    home: home.path,
    product,
    data,
    defaults: home.env['INSTANCE_MANAGER_DEFAULTS'] ?? '',
    pm2Home: home.env['PM2_HOME'] ?? '',
  })
})
afterAll(async () => {
  await app.close()
  await home.remove()
})

/** What does not change by itself. */
const stable = ({ instances }: InstanceList) =>
  instances.map(({ name, port, url, status, database, pooled }) => ({ name, port, url, status, database, pooled }))

it('tells the same, and does its work there', async () => {
  const looks = ['list', 'operations', 'infra status', 'status alone', 'logs alone'] as const
  const plain = (text: string): string =>
    text.replaceAll(/\d+(\.\d+)? ((s|min|ms|MB|KB)\b|%)/g, '…').replaceAll(/ +/g, ' ')
  const before = []
  for (const look of looks) before.push(plain((await home.run(look)).out))
  const list = stable((await home.run('list --json')).data)

  await app.open(home.root)
  for (const [index, look] of looks.entries()) expect(plain((await home.run(look)).out)).toBe(before[index])
  expect(stable((await home.run('list --json')).data)).toEqual(list)

  const created = await home.run(`create joined ${director} --json`)
  expect(created).toMatchObject({ exit: 0, ok: true })
  expect(app.workspace.operations.list().map(it => it.id)).toContain(created.lines[0]?.id)
  expect(
    created.lines
      .map(it => it.type)
      .filter(it => it !== 'progress' && it !== 'output')
      .slice(0, 3),
  ).toEqual(['opened', 'doing', 'done'])
  expect(await home.run('restart --all --json')).toMatchObject({
    exit: 0,
    data: [{ name: 'alone' }, { name: 'joined' }],
  })
  expect(await home.run('start nope --json')).toMatchObject({ exit: 4, problem: { code: 'instance-unknown' } })
})

it('infra activity shows who waits for whom, without values; cancel-query ends the one in the way', async () => {
  const { port } = (await app.workspace.infrastructure.status()).postgres
  const login = await loginOf(home.root, 'alone')
  const [holder, waiter] = [await connectAs(login, port), await connectAs(login, port)]
  try {
    const { ends } = await beginLockWait(holder, waiter)
    const shown = await until(async () => {
      const { out } = await home.run('infra activity')
      return out.includes('is waiting for') && out
    })
    expect(shown).toMatch(/alone +\d+ of \d+/)
    expect(shown).not.toMatch(/alice|4711/)
    const { locks } = (await home.run('infra activity --json')).data as DatabaseActivity
    const [waiting, blocking] = [locks[0]?.waiting.pid, locks[0]?.blockers[0]?.pid]
    expect(shown).toMatch(
      new RegExp(`Process ${waiting} is waiting for\\n.*\\n +${blocking} +alone .*LOCK TABLE seats`),
    )
    expect(await home.run('infra cancel-query 1 --json')).toMatchObject({ exit: 4, problem: { code: 'session-gone' } })
    expect((await home.run(`infra cancel-query ${blocking} --terminate`)).out).toContain('The connection is terminated')
    expect(await ends).toBe('done')
  } finally {
    await Promise.all([holder, waiter].map(it => it.end().catch(() => undefined)))
  }
})

it('infra maintain shows what it would do, does it, and says which instance is unknown', async () => {
  const { port } = (await app.workspace.infrastructure.status()).postgres
  const client = await connectAs(await loginOf(home.root, 'alone'), port)
  await client.query('CREATE TABLE pupils (id int) WITH (autovacuum_enabled = false)')
  await client.query('INSERT INTO pupils SELECT generate_series(1, 1000)')
  await client.query('DELETE FROM pupils')
  await client.end() // then PostgreSQL has counted it
  const would = await until(async () => {
    const { out } = await home.run('infra maintain alone --dry-run')
    return out.includes(' 1000 ') && out
  })
  expect(would).toMatch(/^INSTANCE +CHANGED TABLES +DEAD ROWS +BLOATED INDEXES\nalone +\d+ +1000 +-\n$/)
  const done = await home.run('infra maintain')
  expect(done).toMatchObject({ exit: 0 })
  expect(done.out).toMatch(/INSTANCE +DEAD ROWS +INDEXES REBUILT +SIZE +FREED +TIME\nalone +1000 → 0 +0 /)
  const { data, exit, problem } = await home.run('infra maintain alone nobody --json')
  expect({ exit, code: problem?.code }).toEqual({ exit: 1, code: 'instance-unknown' })
  expect(data).toMatchObject({
    instances: [
      { name: 'alone', figures: { deadBefore: 0, deadAfter: 0 } },
      { name: 'nobody', problem: { code: 'instance-unknown' } },
    ],
  })
})

it('rebuild --dry-run prints what would change, and does nothing', async () => {
  await appendFile(join(home.root, 'server/index.js'), '\n// newer\n')
  await writeFile(join(home.root, 'server/.env'), 'SENDGRID_API_KEY=canary\n')
  const operations = app.workspace.operations.list().length
  const { exit, out } = await home.run('rebuild alone --dry-run')
  expect(exit).toBe(0)
  expect(out.split('\n').map(it => it.replace(/^(\w*) .*/, '$1'))).toEqual([
    'alone',
    'Release',
    'Code',
    'Packages',
    'Database',
    'Settings',
    'Stays',
    'Takes',
    '', // the whole time, and the space
    '',
    '',
  ])
  expect(out).toContain('SENDGRID_API_KEY')
  expect(out).not.toContain('canary')
  const { reviews } = (await home.run('rebuild alone --dry-run --json')).data as { reviews: RebuildReview[] }
  expect(reviews).toMatchObject([{ name: 'alone', upToDate: false, env: { offered: [{ key: 'SENDGRID_API_KEY' }] } }])
  expect(app.workspace.operations.list()).toHaveLength(operations)
  expect(await home.run('rebuild nobody --dry-run')).toMatchObject({ exit: 4 })
})

it('Ctrl+C cancels there too', async () => {
  const create = home.start(['--workspace', home.root, '--json', 'create', 'deaf1', ...director.split(' ')])
  await create.until(text => text.includes('"type":"doing","step":"verify-health"'))
  create.child.kill('SIGINT')
  expect(await create.ended).toMatchObject({ exit: 1, problem: { code: 'cancelled' } })
  expect(app.workspace.operations.list().at(-1)).toMatchObject({ subject: 'deaf1', phase: 'rolled-back' })
})

it('an engine that ends in the middle is taken over from', async () => {
  const create = home.start(['--workspace', home.root, '--json', 'create', 'after', ...director.split(' ')])
  await create.until(text => text.includes('"type":"doing","step":"start-process"'))
  await app.leave() // as a crash: what runs is left open
  const ran = await create.ended
  expect(ran).toMatchObject({
    exit: 0,
    ok: true,
    data: { instance: { name: 'after' }, operation: { id: ran.lines[0]?.id, phase: 'succeeded' } },
  })
  expect(ran.err).toContain('taking over')
})
