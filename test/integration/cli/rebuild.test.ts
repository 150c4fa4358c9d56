/** `rebuild` and `smoke` by command line: one, several, all that are outdated; what a script learns from each. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeTiny } from '../../support/tiny-base'
import { cliHome, type CliHome } from './cli'

let home: CliHome
let code: string
let version = 0

const setBase = (fails = ''): Promise<void> =>
  writeFile(
    join(home.root, 'server/index.js'),
    `${code}\nif (name === '${fails}') process.exit(3)\n// version ${++version}\n`,
  )

beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
  await makeTiny(home.root)
  code = await readFile(join(home.root, 'server/index.js'), 'utf8')
  await home.must('infra up')
  for (const it of ['a', 'b', 'c'])
    await home.must(`create ${it} --director-name Ada --director-email ada@school.example --generate-password`)
  await home.must('stop b')
})
afterAll(() => home.remove())

it('--outdated --dry-run: each of them; one that can’t be rehearsed doesn’t keep the others from being shown', async () => {
  await setBase()
  const { exit, out } = await home.run('rebuild --outdated --dry-run')
  expect(exit).toBe(0)
  expect(out.match(/Downtime: about|it isn’t running/g)).toHaveLength(3)
  const rehearsed = await home.run('rebuild --outdated --push-schema --dry-run --json') // its base application has no Prisma
  expect(rehearsed).toMatchObject({ exit: 4, problem: { message: '3 of 3 couldn’t be rehearsed: a, b, c.' } })
  expect(rehearsed.data).toMatchObject({ rehearsals: ['a', 'b', 'c'].map(name => ({ name, problem: {} })) })
})

it('--outdated: all of them, the stopped one first; then there is nothing to do', async () => {
  await setBase()
  const { exit, data, lines } = await home.run('rebuild --outdated --json')
  expect(exit).toBe(0)
  expect(data).toMatchObject(['a', 'b', 'c'].map(name => ({ name, exit: 0, operation: { kind: 'rebuild' } })))
  const begun = lines.filter(it => it.type === 'doing' && it.step?.startsWith('instance/'))
  expect(begun[0]).toMatchObject({ step: 'instance/b' })
  const again = await home.run('rebuild --outdated')
  expect([again.exit, again.err]).toEqual([0, 'No instance is outdated.\n'])
})

it('a canary that fails: exit 1, and who was left alone', async () => {
  await setBase('c')
  const { exit, data, problem } = await home.run('rebuild a b c --canary c --at-once 1 --json')
  expect(exit).toBe(1)
  expect(problem?.message).toBe('3 of 3 failed: a, b, c.')
  expect(data).toMatchObject([
    { name: 'a', exit: 4, problem: { code: 'left-alone' } },
    { name: 'b', exit: 4, problem: { code: 'left-alone' } },
    { name: 'c', exit: 1, problem: { code: 'trial-failed' }, operation: { phase: 'rolled-back' } },
  ])
})

it('one', async () => {
  expect(await home.run('rebuild a --json')).toMatchObject({ exit: 0, data: [{ name: 'a', exit: 0 }] })
  expect((await home.run('rollback a --dry-run')).out).toBe('The database isn’t changed.\n')
  expect((await home.run('smoke a')).exit).toBe(0)
  expect(await home.run('smoke b --json')).toMatchObject({ exit: 4, problem: { code: 'not-online' } })
})

it.each([
  ['rebuild', 2],
  ['rebuild a --outdated', 2],
  ['rebuild a b --canary c', 2],
  ['rebuild a b --at-once 0', 2],
  ['rebuild a other', 4],
  ['rollback other --dry-run', 4],
])('%s: exit %i, and nothing is begun', async (command, exit) => {
  expect((await home.run(command)).exit).toBe(exit)
})
