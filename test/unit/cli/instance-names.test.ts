import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { namedInstances } from '../../../src/main/cli/instance-names'

let workspace: string
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'im-test-'))
  for (const it of ['school', 'Lakeside', 'a']) await mkdir(join(workspace, 'instances', it), { recursive: true })
})
afterAll(() => rm(workspace, { recursive: true }))

it('any capitalisation will do, and unknown names are left to the job', async () => {
  expect(await namedInstances(workspace, ['school', 'SCHOOL', 'lakeside', 'hillside', 'b'])).toEqual([
    'school',
    'school',
    'Lakeside',
    'hillside',
    'b',
  ])
  expect(await namedInstances(join(workspace, 'none'), ['school'])).toEqual(['school'])
})

it.each([
  ['scool', 'school'],
  ['LAKSIDE', 'Lakeside'],
])('“%s”: did you mean “%s”?', async (name, meant) => {
  await expect(namedInstances(workspace, [name])).rejects.toMatchObject({
    problem: { code: 'instance-unknown', hint: `Did you mean “${meant}”?` },
  })
})
