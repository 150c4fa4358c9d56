/** Another user prepares the place where the operator saves a log: in /tmp, where both may write. */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSaveFile } from '../../../src/main/system/save-file'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers, type SecondUser } from '../../support/second-user'

describeWhere(canMakeUsers, whyNoUsers)('saving in a folder that another user may write to', () => {
  let other: SecondUser
  let own: string
  let shared: string
  beforeAll(async () => {
    other = await secondUser()
    own = await mkdtemp(join(tmpdir(), 'im-own-'))
    shared = await mkdtemp(join(tmpdir(), 'im-shared-'))
    await chmod(shared, 0o777) // without the sticky bit, which would have the kernel refuse links
    await writeFile(join(own, 'authorized_keys'), 'precious')
  })
  afterAll(async () => {
    await other.remove()
    await Promise.all([own, shared].map(it => rm(it, { recursive: true })))
  })

  async function save(path: string, overwrite: boolean): Promise<void> {
    const file = await openSaveFile(path, overwrite)
    try {
      await file.write('a line that anyone can have the application log\n')
      await file.commit()
    } finally {
      await file.close()
    }
  }

  it.each([false, true])('their links lead nowhere (overwrite: %s)', async overwrite => {
    await other.run(
      `
      import { rmSync, symlinkSync } from 'node:fs'
      const [shared, own] = process.argv.slice(2)
      for (const [to, name] of [[own, 'folder'], [own + '/authorized_keys', 'file']]) {
        rmSync(shared + '/' + name, { force: true })
        symlinkSync(to, shared + '/' + name)
      }`,
      shared,
      own,
    )
    await expect(save(join(shared, 'folder', 'authorized_keys'), overwrite)).rejects.toMatchObject({
      problem: { code: 'folder-link' },
    })
    await expect(save(join(shared, 'folder', 'new'), overwrite)).rejects.toMatchObject({
      problem: { code: 'folder-link' },
    })
    await expect(save(join(shared, 'file'), overwrite)).rejects.toMatchObject({ problem: { code: 'file-not-regular' } })
    expect(await readFile(join(own, 'authorized_keys'), 'utf8')).toBe('precious')
    expect(await readdir(own)).toEqual(['authorized_keys'])
  })

  it('a folder that they exchange for a link again and again is never followed', async () => {
    const running = other.start(
      `
      import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
      const [shared, own] = process.argv.slice(2)
      const [name, folder, link] = ['moving', 'kept', 'led'].map(it => shared + '/' + it)
      mkdirSync(folder)
      symlinkSync(own, link)
      renameSync(folder, name)
      console.log('begun')
      for (;;) {
        renameSync(name, folder); renameSync(link, name)
        renameSync(name, link); renameSync(folder, name)
      }`,
      shared,
      own,
    )
    await running.line()
    for (let attempt = 0; attempt < 300; attempt++)
      await save(join(shared, 'moving', `${attempt}`), attempt % 2 === 0).catch(() => undefined)
    await running.stop()
    expect(await readdir(own)).toEqual(['authorized_keys'])
  })
})
