import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { noUserIds } from '../../../src/main/infrastructure/drivers/engine-problems'

const etc = mkdtempSync(join(tmpdir(), 'im-etc-'))
afterAll(() => rmSync(etc, { recursive: true }))
const ada = { uid: 1000, gid: 1000, username: 'ada', homedir: '/home/ada', shell: null }

test('the range of ids that is proposed is nobody’s yet', async () => {
  const proposed = async (): Promise<string | undefined> => (await noUserIds(etc, ada)).hint
  expect(await proposed()).toContain('--add-subuids 100000-165535 --add-subgids 100000-165535 ada')
  writeFileSync(join(etc, 'subuid'), 'bob:100000:65536\ncarol:165536:65536\n')
  writeFileSync(join(etc, 'subgid'), 'bob:100000:65536\ncarol:300000:65536\n')
  expect(await proposed()).toContain('--add-subuids 365536-431071 --add-subgids 365536-431071 ada')
})
