/** Changes of an instance's environment: what is written, what is refused, and the ways back. */
import { appendFile, chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resultsOf } from '../../../src/shared/jobs/many'
import { layOut, type CliInstance } from '../../support/cli-instance'
import type { TestWorkspace } from '../../support/workspace'
import { addEnv, answerOf, envOf, job, mustDo, pidOf, refusal, tinyWorkspace } from './lifecycle'

let workspace: TestWorkspace
let school: CliInstance

beforeAll(async () => {
  workspace = await tinyWorkspace()
  school = await layOut(workspace, 'school')
  await mustDo(workspace, 'start', { name: 'school' })
})
afterAll(() => workspace.remove())

const fileOf = ({ server }: CliInstance): Promise<string> => readFile(join(server, '.env'), 'utf8')
const factsOf = async (name: string) => (await workspace.services.instances.details(name)).envFile

/** Everything on disk that isn't meant to hold values. */
async function journals(): Promise<string> {
  const folder = join(workspace.root, '.instance-manager/operations')
  return (await Promise.all((await readdir(folder)).map(it => readFile(join(folder, it), 'utf8')))).join('')
}

describe('a change', () => {
  const difficult = 'a#b "c" $d ${e}\nline two\\n'

  it('is written as it was typed, leaves the rest alone, and is kept out of journals', async () => {
    await addEnv(school.server, '# ours\nOLD=1\nOLD=2 # twice')
    const [before, pid] = [await fileOf(school), await pidOf(workspace, 'school')]
    const { version } = await factsOf('school')
    const changes = [
      { key: 'DIFFICULT', value: difficult },
      { key: 'NODE_ENV', value: 'staging' },
      { key: 'OLD', value: null },
      { key: 'HOST_NAME', value: null },
    ]
    await mustDo(workspace, 'change-environment', { name: 'school', changes, seen: version })
    const after = await fileOf(school)
    expect(after).toContain('# ours\n')
    expect(await envOf(school.server)).toMatchObject({ DIFFICULT: difficult, NODE_ENV: 'staging', HOST: '0.0.0.0' })
    expect(Object.keys(await envOf(school.server))).not.toContain('OLD')
    expect((await stat(join(school.server, '.env'))).mode & 0o777).toBe(0o600)
    expect(await journals()).not.toMatch(/line two|staging/)
    expect(await pidOf(workspace, 'school')).toBe(pid)
    const facts = await factsOf('school')
    expect(facts.last?.keys).toEqual(['DIFFICULT', 'NODE_ENV', 'OLD'])
    expect(facts.version).not.toBe(version)

    await mustDo(workspace, 'change-environment', { name: 'school', undo: true })
    expect(await envOf(school.server)).toEqual(parse(before))
  })

  it('undone: variables that were changed again since stay; then nothing is left to undo', async () => {
    const value = (text: string) => ({ name: 'school', changes: ['A', 'B'].map(key => ({ key, value: text })) })
    await mustDo(workspace, 'change-environment', value('1'))
    await mustDo(workspace, 'change-environment', value('2'))
    await addEnv(school.server, 'B=by hand')
    expect((await factsOf('school')).last?.keys).toEqual(['A'])
    await mustDo(workspace, 'change-environment', { name: 'school', undo: true })
    expect(await envOf(school.server)).toMatchObject({ A: '1', B: 'by hand' })
    await addEnv(school.server, 'A=by hand')
    expect(await refusal(workspace, 'change-environment', { name: 'school', undo: true })).toMatchObject({
      code: 'env-undone',
    })
  })

  it('is refused if the file has been written since it was read, names what is ours, or changes nothing', async () => {
    const { version } = await factsOf('school')
    await addEnv(school.server, 'SINCE=1')
    const change = (key: string, value: string | null) => ({ name: 'school', changes: [{ key, value }] })
    const before = await fileOf(school)
    expect(await refusal(workspace, 'change-environment', { ...change('C', '1'), seen: version })).toMatchObject({
      code: 'env-changed',
    })
    for (const key of ['PORT', 'DATABASE_URL', 'HOST'])
      expect(await refusal(workspace, 'change-environment', change(key, null))).toMatchObject({ code: 'env-owned' })
    expect(await refusal(workspace, 'change-environment', change('SINCE', '1'))).toMatchObject({ code: 'env-same' })
    expect(await refusal(workspace, 'change-environment', change('C', '"\'`\n\\n'))).toMatchObject({
      code: 'env-value',
    })
    for (const key of ['1A', 'A-B', 'A=B', ''])
      expect((await refusal(workspace, 'change-environment', change(key, '1'))).code).toBe('unexpected') // the router says more
    expect(await fileOf(school)).toBe(before)
    await writeFile(join(school.server, '.env'), `${before}OPEN="x\n`) // dotenv would take C into its value
    expect(await refusal(workspace, 'change-environment', change('C', '# c'))).toMatchObject({ code: 'env-value' })
    await writeFile(join(school.server, '.env'), before)
  })
})

describe('with a restart', () => {
  it('the application has the new value, and its group may still read the file', async () => {
    await chmod(join(school.server, '.env'), 0o640)
    const changes = [{ key: 'GREETING', value: 'hello' }]
    await mustDo(workspace, 'change-environment', { name: 'school', changes, restart: true })
    expect(await answerOf(school.port)).toBe('school hello')
    expect((await stat(join(school.server, '.env'))).mode & 0o777).toBe(0o640)
  })

  it('of what is in .env already, only restarts a process that is older', async () => {
    const change = { name: 'school', changes: [{ key: 'GREETING', value: 'later' }] }
    await mustDo(workspace, 'change-environment', change)
    const { last } = await factsOf('school')
    const { steps } = await mustDo(workspace, 'change-environment', { ...change, restart: true })
    expect(steps.map(it => it.name)).toEqual(['restart-process', 'verify-health'])
    expect(await answerOf(school.port)).toBe('school later')
    expect((await factsOf('school')).last).toEqual(last)
    expect(await refusal(workspace, 'change-environment', { ...change, restart: true })).toMatchObject({
      code: 'env-same',
    })
  })

  it('not healthy: the old values are back, it runs, and what somebody else wrote meanwhile stays', async () => {
    const index = join(school.server, 'index.js')
    const code = await readFile(index, 'utf8')
    await writeFile(
      index,
      `const fs = require('node:fs')
if (/^GREETING=bad/m.test(fs.readFileSync(__dirname + '/.env', 'utf8'))) {
  fs.appendFileSync(__dirname + '/.env', 'MEANWHILE=1\\n')
  process.exit(1)
}
${code}`,
    )
    const { last } = await factsOf('school')
    const changes = [{ key: 'GREETING', value: 'bad' }]
    expect(await job(workspace, 'change-environment', { name: 'school', changes, restart: true })).toMatchObject({
      phase: 'rolled-back',
      turned: { reason: 'failed' },
    })
    expect(await envOf(school.server)).toMatchObject({ GREETING: 'later', MEANWHILE: '1' })
    expect(await answerOf(school.port)).toBe('school later')
    expect((await factsOf('school')).last).toEqual(last)
    await writeFile(index, code)
  })
})

it('several at once: each has its own result, and one that is like this already is left alone', async () => {
  const [college, broken] = [await layOut(workspace, 'college'), await layOut(workspace, 'broken')]
  await appendFile(join(college.server, '.env'), '\nMAIL="one value"\n')
  await writeFile(join(broken.folder, 'config.json'), '{')
  const state = await mustDo(workspace, 'change-environment-many', {
    names: ['school', 'college', 'broken'],
    changes: [{ key: 'MAIL', value: 'one value' }],
  })
  expect(resultsOf(state).map(it => [it.name, it.result?.problem?.code])).toEqual([
    ['broken', 'file-corrupt'],
    ['college', undefined],
    ['school', undefined],
  ])
  expect(await envOf(school.server)).toMatchObject({ MAIL: 'one value' })
  expect((await factsOf('college')).last).toBeUndefined()
  expect(await journals()).not.toContain('one value')
})
