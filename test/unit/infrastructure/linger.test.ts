import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lingerWarning } from '../../../src/main/infrastructure/drivers/linger'
import { temporary } from '../temporary'

const ada = { ...userInfo(), uid: 1000, username: 'ada' }

test('who is logged out loses rootless containers, unless systemd lets them linger; the command is named', async () => {
  const root = await temporary()
  expect(await lingerWarning(root, ada)).toBeUndefined() // no systemd
  await mkdir(join(root, 'run/systemd/system'), { recursive: true })
  expect(await lingerWarning(root, ada)).toMatchObject({
    code: 'containers-end-at-logout',
    hint: expect.stringContaining('loginctl enable-linger ada') as string,
  })
  expect(await lingerWarning(root, { ...ada, uid: 0, username: 'root' })).toBeUndefined()
  await mkdir(join(root, 'var/lib/systemd/linger'), { recursive: true })
  await writeFile(join(root, 'var/lib/systemd/linger/ada'), '')
  expect(await lingerWarning(root, ada)).toBeUndefined()
})
