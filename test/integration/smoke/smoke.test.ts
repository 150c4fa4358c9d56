/**
 * Smoke tests on a real instance: each standard one fails for its own reason, those of the manifest are run as they
 * say, and jobs act on a failure: a creation waits, a rebuild goes back, a rollback tells.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { findSystemUser } from '../../../src/main/instances/system-user/identity'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, whyNoUsers } from '../../support/second-user'
import { mustSucceed, type TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustDo, refusal, statuses, tinyWorkspace } from '../lifecycle/lifecycle'

/** Serves the client's build and an API, or not: how it misbehaves is in a file that it reads at each request. */
const index = String.raw`
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { PORT } = Object.fromEntries(readFileSync(join(__dirname, '.env'), 'utf8').split('\n').filter(it => it.includes('=')).map(it => it.replaceAll('"', '').split(/=(.*)/s)))
const build = name => readFileSync(join(__dirname, '../client/build', name), 'utf8')
const page = (status, text, type = 'text/html; charset=utf-8') => ({ status, text, type })
const answers = {
  '/': () => page(200, build('index.html')),
  '/app.js': () => page(200, 'start()', 'text/javascript'),
  '/api': () => page(401, '{}', 'application/json'),
  '/late': () => undefined,
}
const amiss = () => { try { return JSON.parse(readFileSync(join(__dirname, 'amiss'), 'utf8')) } catch { return {} } }
require('node:http').createServer((request, response) => {
  const own = amiss()[request.url]
  const answer = own ? page(own.status ?? 200, own.text ?? build('index.html'), own.type) : (answers[request.url] ?? (() => page(404, 'Cannot GET')))()
  if (!answer) return request.socket.destroy()
  response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.text)
}).listen(Number(PORT), '127.0.0.1')
`
const schema = 'model User {\n  id Int @id\n  at DateTime @map("made")\n\n  @@map("the people")\n}\n'

let workspace: TestWorkspace
const place = (...path: string[]): string => join(workspace.root, ...path)
const inServer = (...path: string[]): string => place('instances/school/server', ...path)

/** What the manifest adds. */
async function setManifest({ smoke = [], api }: { smoke?: readonly object[]; api?: string }): Promise<void> {
  const file = place('instance-manager.json')
  const { server, ...rest } = JSON.parse(await readFile(file, 'utf8')) as { server: object }
  await writeFile(file, JSON.stringify({ ...rest, server: { ...server, api }, smoke }))
}
const misbehave = (amiss: object): Promise<void> => writeFile(inServer('amiss'), JSON.stringify(amiss))

async function run() {
  const { operations } = workspace.services
  const state = await job(workspace, 'smoke', { name: 'school' })
  const output = operations.output(state.id).map(it => it.chunk)
  return { phase: state.phase, problem: state.turned?.problem, output: output.join(''), state }
}

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await writeFile(place('server/index.js'), index)
  await writeFile(place('server/prisma/schema.prisma'), schema)
  await writeFile(place('client/index.html'), '<div id="root"></div><script type=module src="./app.js"></script>')
  await setManifest({})
  await workspace.startInfrastructure()
})
beforeEach(async () => {
  await setManifest({})
  await misbehave({}).catch(() => undefined) // there is no instance at first
})
afterAll(() => workspace.remove())

const makeTable = async (): Promise<void> => {
  const { DIRECT_URL = '' } = parse(await readFile(inServer('.env'), 'utf8'))
  const { username: user, password, port } = new URL(DIRECT_URL)
  const login = { user, password, database: 'school_db', port: Number(port) }
  await withConnection(login, client => client.query('CREATE TABLE "the people" (id int PRIMARY KEY)'))
}

it('a creation that fails a test waits with the instance running; it is undone, or done once the test passes', async () => {
  const { operations } = workspace.services
  const stuck = async () => {
    const id = await workspace.begin({ name: 'school' })
    const state = await operations.rested(id)
    expect(state.phase).toBe('stuck')
    expect(await statuses(workspace)).toMatchObject({ school: 'online' })
    expect(state.steps.at(-1)).toMatchObject({
      name: 'smoke-tests',
      problem: {
        code: 'smoke-failed',
        message: '“school” failed a smoke test.',
        cause: 'The director’s table ("the people"): relation "the people" does not exist.',
        action: 'test-again',
      },
    })
    return id
  }
  const first = await stuck()
  operations.rollBack(first)
  expect((await operations.settled(first)).phase).toBe('rolled-back')
  expect(await statuses(workspace)).toEqual({})
  const second = await stuck()
  await makeTable()
  operations.retry(second)
  mustSucceed(await operations.settled(second))
})

it('all pass, and Activity keeps what came of each', async () => {
  const { phase, output, state } = await run()
  expect(phase).toBe('succeeded')
  expect(`${state.steps[0]?.notes}\n`).toBe(output)
  expect(
    output
      .replaceAll(/\d+ ms/g, 'N ms')
      .trim()
      .split('\n')
      .toSorted(),
  ).toEqual(['✓ The API (GET /api): N ms', '✓ The client (GET /): N ms', '✓ The director’s table ("the people"): N ms'])
})

describe('a standard one fails', () => {
  it.each([
    ['no page', { '/': { status: 404 } }, 'The client (GET /): HTTP status 404.'],
    ['not a page', { '/': { type: 'text/plain' } }, 'The client (GET /): The answer is text/plain, not HTML.'],
    [
      'another page',
      { '/': { text: '<h1>Welcome to nginx!</h1>' } },
      'The client (GET /): The page isn’t the one from the client’s build.',
    ],
    ['no script', { '/app.js': { status: 404 } }, 'The client (GET /): Its script ./app.js: HTTP status 404.'],
    ['a page as script', { '/app.js': {} }, 'The client (GET /): A page is served instead of its script ./app.js.'],
    ['an API that fails', { '/api': { status: 503 } }, 'The API (GET /api): HTTP status 503.'],
  ])('%s', async (_, amiss, cause) => {
    await misbehave(amiss)
    expect(await run()).toMatchObject({ phase: 'rolled-back', problem: { code: 'smoke-failed', cause } })
    expect(await statuses(workspace)).toMatchObject({ school: 'online' })
  })

  it('the client’s page for the API: if the manifest says where the API is; otherwise it may be elsewhere', async () => {
    await misbehave({ '/api': {}, '/v1': {} })
    const { phase, output } = await run()
    expect([phase, output]).toEqual(['succeeded', expect.stringContaining('server.api in instance-manager.json')])
    await setManifest({ api: '/v1' })
    expect((await run()).problem?.cause).toBe('The API (GET /v1): The answer is the client’s page.')
  })

  it('a database that refuses: several failures are all named', async () => {
    const env = await readFile(inServer('.env'), 'utf8')
    const { DATABASE_URL = '' } = parse(env)
    const url = new URL(DATABASE_URL)
    const { password } = url
    url.password = 'wrong-password-1'
    await writeFile(inServer('.env'), env.replace(DATABASE_URL, url.href))
    await misbehave({ '/api': { status: 500 } })
    const found = await run()
    await writeFile(inServer('.env'), env)
    expect(found.problem?.message).toBe('“school” failed 2 of 3 smoke tests.')
    expect(found.problem?.cause).toMatch(
      /The API \(GET \/api\): HTTP status 500\. The director’s table .*SASL authentication failed\.$/,
    )
    for (const secret of [password, 'wrong-password-1']) expect(JSON.stringify(found)).not.toContain(secret)
  })
})

describe('of the manifest', () => {
  it.each([
    ['a status', { url: '/nothing', status: 404 }, undefined],
    ['another status', { url: '/', status: 302 }, 'GET /: HTTP status 200, not 302.'],
    ['below 400', { url: '/nothing' }, 'GET /nothing: HTTP status 404.'],
    ['a text', { url: '/app.js', text: 'start()' }, undefined],
    ['another text', { url: '/app.js', text: 'stop()' }, 'GET /app.js: The answer doesn’t contain “stop()”.'],
    ['no answer', { url: '/late' }, 'GET /late: socket hang up.'],
    ['a command', { command: ['node', '-e', 'process.exit(0)'] }, undefined],
    [
      'one that fails',
      { command: ['node', '-e', 'process.exit(3)'] },
      'node -e process.exit(3): It exited with code 3.',
    ],
    ['none', { command: ['./missing'] }, /^\.\/missing: .*missing couldn’t be started\.$/],
  ])('%s', async (_, test, cause) => {
    await setManifest({ smoke: [test] })
    const { phase, problem } = await run()
    expect(phase).toBe(cause === undefined ? 'succeeded' : 'rolled-back')
    expect(problem?.cause ?? '').toMatch(cause ?? /^$/)
  })

  it('one of / replaces the standard one', async () => {
    await misbehave({ '/': { status: 404 } })
    await setManifest({ smoke: [{ url: '/', status: 404 }] })
    expect((await run()).phase).toBe('succeeded')
  })

  it('a command has the instance’s folder and settings; its output is kept, with secrets masked', async () => {
    const { DATABASE_URL = '', JWT_SECRET = '', PORT } = parse(await readFile(inServer('.env'), 'utf8'))
    const script = 'console.log(process.cwd(), process.env.PORT, JSON.stringify(process.env)); process.exit(1)'
    await setManifest({ smoke: [{ command: ['node', '-e', script] }] })
    const { output, state, problem } = await run()
    expect(output).toContain(`${inServer()} ${PORT}`)
    expect(output).toContain('DATABASE_URL')
    expect(problem?.details).toContain('DATABASE_URL')
    for (const secret of [new URL(DATABASE_URL).password, JWT_SECRET]) {
      expect(secret).not.toBe('')
      expect(JSON.stringify([output, state])).not.toContain(secret)
    }
  })
})

describe('jobs', () => {
  const changeBase = (version: number): Promise<void> => writeFile(place('server/index.js'), `${index}// ${version}\n`)
  const code = (): Promise<string> => readFile(inServer('index.js'), 'utf8')
  /** Fails, or not, depending on the code and on whether this is the trial. */
  const onlyIf = (condition: string): object => ({
    command: ['node', '-e', `process.exit(${condition} ? 0 : 1)`],
  })
  const isNew = 'require("fs").readFileSync("index.js", "utf8").includes("// 2")'
  let port: number
  beforeAll(async () => {
    port = Number(parse(await readFile(inServer('.env'), 'utf8'))['PORT'])
    await changeBase(2)
  })

  it('a rebuild whose trial fails a test touches nothing', async () => {
    await setManifest({ smoke: [onlyIf(`!${isNew}`)] })
    const state = await job(workspace, 'rebuild', { name: 'school' })
    expect(state.turned?.problem).toMatchObject({
      code: 'smoke-failed',
      message: expect.stringMatching('^With the new code, '),
    })
    expect(state.steps.find(it => it.name === 'switch')?.startedAt).toBeUndefined()
    expect(await code()).not.toContain('// 2')
  })

  it('a rebuild that fails one only afterwards goes back', async () => {
    await setManifest({ smoke: [onlyIf(`process.env.PORT !== "${port}"`)] })
    const state = await job(workspace, 'rebuild', { name: 'school' })
    expect([state.phase, state.turned?.problem?.code]).toEqual(['rolled-back', 'smoke-failed'])
    expect(state.steps.find(it => it.name === 'switch')?.status).toBe('undone')
    expect(await code()).not.toContain('// 2')
    expect(await answerOf(port)).toContain('app.js')
  })

  it('a rollback tells what fails, but is not barred by tests that the earlier code can’t know', async () => {
    await setManifest({ smoke: [onlyIf(isNew)] })
    await mustDo(workspace, 'rebuild', { name: 'school' })
    expect(await code()).toContain('// 2')
    const state = await mustDo(workspace, 'rollback', { name: 'school' })
    expect(state.steps.find(it => it.name === 'smoke-tests')?.result?.problem?.code).toBe('smoke-failed')
    expect(await code()).not.toContain('// 2')
  })

  it('an instance that doesn’t run has none to run', async () => {
    await mustDo(workspace, 'stop', { name: 'school' })
    expect(await refusal(workspace, 'smoke', { name: 'school' })).toMatchObject({ code: 'not-online' })
    await mustDo(workspace, 'start', { name: 'school' })
  })
})

describeWhere(canMakeUsers, whyNoUsers)('of an instance with a system user of its own', () => {
  it('commands run as that user', async () => {
    await chmod(workspace.home, 0o711) // as /srv: others pass through
    await mustDo(workspace, 'isolate', { name: 'school' })
    await setManifest({ smoke: [{ command: ['node', '-p', '"uid " + process.getuid()'] }] })
    const { output } = await run()
    const user = await findSystemUser(workspacePaths(workspace.root), 'school')
    await mustDo(workspace, 'unisolate', { name: 'school' })
    expect(output).toContain(`uid ${user?.uid}\n`)
  })
})
