/** Logs through the router's own procedures: of a real PM2 process, of PostgreSQL, of an operation and of the app. */
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { LogPage } from '../../../src/shared/log'
import { toProblem } from '../../../src/shared/problem'
import type { App } from '../../../src/main/app'
import { apiRouter } from '../../../src/main/api/router'
import { pm2Paths } from '../../../src/main/processes/daemon'
import { layOut } from '../../support/cli-instance'
import { mustSucceed, until, type TestWorkspace } from '../../support/workspace'
import { tinyWorkspace } from '../lifecycle/lifecycle'

let workspace: TestWorkspace
const password = 'abcdefghijkl0123456789mn' // what layOut gives

beforeAll(async () => {
  workspace = await tinyWorkspace()
  const { server } = await layOut(workspace, 'talk')
  const script = join(server, 'talk.cjs')
  await writeFile(
    script,
    `
    console.log('\\u001b[32mready\\u001b[0m at postgresql://u:${password}@h/d')
    console.error(new TypeError('it broke'))
    setInterval(() => console.log('tick'), 200)`,
  )
  await workspace.processes.start({ name: 'talk', cwd: server, script })
})
afterAll(() => workspace.remove())

const caller = () => apiRouter.createCaller({ app: { workspace: workspace.services } as App })
const instance = { kind: 'instance', name: 'talk' } as const
const end = { type: 'end' } as const
const textsOf = ({ lines }: LogPage): string[] => lines.map(it => it.text)

it('an instance: both streams, its stack in one piece, its secrets masked unless they are asked for', async () => {
  const page = await until(async () => {
    const it = await caller().logs.page({ source: instance, anchor: end, count: 1000 })
    return textsOf(it).includes('tick') && textsOf(it).some(text => text.includes('it broke')) && it
  })
  expect(textsOf(page)).toContain('\u001b[32mready\u001b[0m at postgresql://u:••••••@h/d\u001b[0m')
  const errors = await caller().logs.page({ source: instance, filter: { errorsOnly: true }, anchor: end, count: 1000 })
  expect(errors.lines[0]).toMatchObject({ text: 'TypeError: it broke', stream: 'err', error: true })
  expect(errors.lines.length).toBeGreaterThan(2)
  expect(errors.lines.slice(1).every(it => it.continues)).toBe(true)
  expect(Math.abs(Date.now() - (errors.lines[0]?.at ?? 0))).toBeLessThan(300_000)
  const open = await caller().logs.page({
    source: instance,
    reveal: true,
    filter: { search: { text: password } },
    anchor: end,
    count: 1000,
  })
  expect(open.lines.flatMap(it => it.matches)).toHaveLength(1)
  expect(
    await caller().logs.find({
      source: instance,
      filter: { search: { text: password } },
      from: '9.0.0',
      direction: 'next',
    }),
  ).toBeNull()
})

it('following an instance gives what it prints; ending it ends it', async () => {
  const texts: string[] = []
  const stop = new AbortController()
  const done = (async () => {
    for await (const it of await apiRouter
      .createCaller({ app: { workspace: workspace.services } as App }, { signal: stop.signal })
      .logs.follow({ source: instance }))
      texts.push(...it.lines.map(({ text }) => text))
  })()
  await until(() => texts.length > 2)
  stop.abort()
  await done
  expect(new Set(texts)).toEqual(new Set(['tick']))
})

it('a name of no instance, and a pattern that is none, are told', async () => {
  await expect(
    caller().logs.page({ source: { kind: 'instance', name: 'nobody' }, anchor: end, count: 1 }),
  ).rejects.toMatchObject({ cause: { problem: { code: 'instance-unknown' } } })
  await expect(
    caller().logs.page({ source: instance, filter: { search: { text: '(', regex: true } }, anchor: end, count: 1 }),
  ).rejects.toMatchObject({ cause: { problem: { code: 'log-search-invalid' } } })
})

it('of a PM2 that does not answer, the log is shown all the same', async () => {
  const { name } = await layOut(workspace, 'calm')
  await writeFile(workspace.processes.defaultLogs(name).outLog, 'still to be read\n')
  const daemon = Number(await readFile(pm2Paths(workspace.host.pm2Home).pid, 'utf8'))
  process.kill(daemon, 'SIGSTOP')
  onTestFinished(() => {
    process.kill(daemon, 'SIGCONT')
  })
  const [refused, page] = await Promise.all([
    workspace.processes.logFiles(name).catch(toProblem),
    caller().logs.page({ source: { kind: 'instance', name }, anchor: end, count: 10 }),
  ])
  expect(refused).toMatchObject({ code: 'pm2-not-answering' })
  expect(textsOf(page)).toEqual(['still to be read'])
  const list = await caller().logs.list()
  expect(list.find(it => it.source.kind === 'instance' && it.source.name === name)).toMatchObject({ size: 17 })
}, 60_000) // PM2 is given up after 5 s

it('PostgreSQL, an operation, and the app itself', async () => {
  const { operations } = workspace.services
  mustSucceed(await operations.settled(await operations.start('infrastructure-start', { newData: true })))
  const postgres = await caller().logs.page({ source: { kind: 'service', name: 'postgres' }, anchor: end, count: 1000 })
  const ready = postgres.lines.find(it => it.text.includes('ready to accept connections'))
  expect(ready?.at).toBeGreaterThan(Date.now() - 300_000)
  const id = workspace.services.operations.list().at(-1)?.id ?? ''
  const operation = textsOf(await caller().logs.page({ source: { kind: 'operation', id }, anchor: end, count: 1000 }))
  expect(operation[0]).toMatch(/^\[infrastructure-start\]/)
  expect(operation.at(-1)).toBe('settled: succeeded')
  expect(operation.join('\n')).toContain('creating configuration files ... ok')
  await workspace.services.log.settled()
  const app = textsOf(await caller().logs.page({ source: { kind: 'app' }, anchor: end, count: 1000 }))
  expect(app[0]).toContain('The workspace was opened')
  expect(app.some(it => it.includes('infrastructure-start') && it.includes('succeeded'))).toBe(true)
  expect((await stat(workspace.services.paths.appLog)).mode & 0o777).toBe(0o600)
  const list = await caller().logs.list()
  expect(list.filter(it => it.problem)).toEqual([])
  expect(list.find(it => it.source.kind === 'instance')?.size).toBeGreaterThan(0)
})

it('saves what is filtered', async () => {
  const path = join(workspace.home, 'saved.log')
  const [out = ''] = await workspace.processes.logFiles('talk')
  await appendFile(out, 'a last needle\n')
  for await (const _ of await caller().logs.save({
    source: instance,
    filter: { search: { text: 'NEEDLE' }, matchesOnly: true },
    path,
  })) {
    /* its progress */
  }
  expect(await readFile(path, 'utf8')).toMatch(/^(?:\d.*: )?a last needle\n$/)
})
