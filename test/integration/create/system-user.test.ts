/**
 * An instance that has a system user from the first, as root, of the sample application: it works, and its host is a
 * choice.
 */
import { chmod, lstat, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { identityOf, findSystemUser } from '../../../src/main/instances/system-user/identity'
import { findUser } from '../../../src/main/system/users'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { behaviour, makeQuick } from '../../support/quick-base'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, whyNoUsers } from '../../support/second-user'
import { director, login, mustSucceed, testWorkspace, type TestWorkspace } from '../../support/workspace'

/** One dot, as a picture. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

describeWhere(canMakeUsers, whyNoUsers)('an instance that is created with a system user', () => {
  let workspace: TestWorkspace
  const paths = () => workspacePaths(workspace.root)
  beforeAll(async () => {
    workspace = await testWorkspace({ prepare: makeQuick })
    await chmod(workspace.home, 0o711) // as /srv: others pass through
    await workspace.open()
    await workspace.startInfrastructure()
  })
  afterAll(async () => {
    const {
      operations,
      instances: { registry },
    } = workspace.services
    for (const { name } of (await registry.list()).instances)
      await operations.settled(await operations.start('delete', { name, confirm: 'DELETE' }))
    await workspace.remove()
  })

  it('runs as that user from its first moment, logs in and takes uploads', async () => {
    const state = mustSucceed(await workspace.create({ name: 'apart', systemUser: true, host: '127.0.0.1' }))
    const { port } = state.plan as { port: number }
    const user = await findSystemUser(paths(), 'apart')
    const [process] = await workspace.processes.list()
    expect((await stat(`/proc/${process?.pid ?? 0}`)).uid).toBe(user?.uid)
    expect(process?.restarts).toBe(0)
    const server = join(paths().instances, 'apart/server')
    expect(parse(await readFile(join(server, '.env')))).toMatchObject({ HOST: '127.0.0.1' })
    const { status, token } = await login(port, director.email, director.password)
    expect(status).toBe(200)
    const form = new FormData()
    form.set('picture', new Blob([picture], { type: 'image/png' }), 'me.png')
    const answer = await fetch(`http://127.0.0.1:${port}/api/me/picture`, {
      method: 'PUT',
      body: form,
      headers: { authorization: `Bearer ${token ?? ''}` },
    })
    expect(answer.status).toBe(200)
    const { picture: place } = ((await answer.json()) as { user: { picture: string } }).user
    expect((await lstat(join(server, place))).uid).toBe(user?.uid)
    expect((await workspace.services.instances.details('apart')).user).toBe(user?.name)
  })

  it('leaves packages to root, whose inodes other instances and the release share', async () => {
    const packages = join(paths().instances, 'apart/server/node_modules/express/package.json')
    const { uid, gid, nlink, mode } = await lstat(packages)
    expect([uid, gid, mode & 0o022]).toEqual([0, 0, 0])
    expect(nlink).toBeGreaterThan(1)
  })

  it('has neither user nor files left when its creation is undone', async () => {
    const name = `${behaviour.mortal}-one`
    const state = await workspace.create({ name, systemUser: true })
    expect(state.phase).toBe('rolled-back')
    expect(await findUser(identityOf(paths(), name).name)).toBeUndefined()
    await expect(lstat(join(paths().instances, name))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('without one it runs as we do, and listens where the guide says', async () => {
    mustSucceed(await workspace.create({ name: 'plain' }))
    expect(await findUser(identityOf(paths(), 'plain').name)).toBeUndefined()
    expect(parse(await readFile(join(paths().instances, 'plain/server/.env')))).toMatchObject({ HOST: '0.0.0.0' })
    const process = (await workspace.processes.list()).find(it => it.name === 'plain')
    expect((await stat(`/proc/${process?.pid ?? 0}`)).uid).toBe(0)
  })
})
