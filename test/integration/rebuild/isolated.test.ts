/** A rebuild and a rollback of an instance that runs as a system user of its own; as root, on real PM2. */
import { chmod, lstat, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findSystemUser } from '../../../src/main/instances/system-user/identity'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, whyNoUsers } from '../../support/second-user'
import type { TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustDo, pidOf, tinyWorkspace } from '../lifecycle/lifecycle'

describeWhere(canMakeUsers, whyNoUsers)('with a system user of its own', () => {
  let workspace: TestWorkspace
  beforeAll(async () => {
    workspace = await tinyWorkspace()
    await chmod(workspace.home, 0o711) // as /srv: others pass through
    await workspace.startInfrastructure()
  })
  afterAll(async () => {
    await job(workspace, 'unisolate', { name: 'school' }).catch(() => undefined)
    await workspace.remove()
  })

  it('the trial and the new code run as that user, which owns its data and can’t write to the code', async () => {
    const { plan } = await workspace.create({ name: 'school', systemUser: true })
    const { port } = plan as unknown as { port: number }
    const user = await findSystemUser(workspacePaths(workspace.root), 'school')
    const at = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)
    const ownerOf = async (path: string): Promise<[number, number, number]> => {
      const { uid, gid, mode } = await lstat(path)
      return [uid, gid, mode & 0o777]
    }
    await writeFile(at('server/uploads/a.txt'), 'an upload')
    const before = await Promise.all(
      ['.', 'server', 'server/index.js', 'server/.env', 'server/uploads', 'client/build/index.html'].map(it =>
        ownerOf(at(it)),
      ),
    )
    // The new code refuses to run as anyone else.
    await writeFile(
      join(workspace.root, 'server/index.js'),
      `if (process.getuid() !== ${user?.uid}) throw new Error('as root'); require('./old.js')`,
    )
    await writeFile(
      join(workspace.root, 'server/old.js'),
      await import('node:fs/promises').then(it => it.readFile(at('server/index.js'), 'utf8')),
    )
    for (const kind of ['rebuild', 'rollback', 'rollback']) {
      await mustDo(workspace, kind, { name: 'school' })
      expect(await answerOf(port)).toBe('school ')
      expect((await stat(`/proc/${await pidOf(workspace, 'school')}`)).uid).toBe(user?.uid)
      expect(
        await Promise.all(
          ['.', 'server', 'server/index.js', 'server/.env', 'server/uploads', 'client/build/index.html'].map(it =>
            ownerOf(at(it)),
          ),
        ),
      ).toEqual(before)
      expect((await lstat(at('.previous/server'))).gid).toBe(0)
    }
  })
})
