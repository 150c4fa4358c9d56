/**
 * Loading an image from a file, killed with -9 at the lines of its journal and while Podman loads it, which goes on by
 * itself then: the image is there once the workspace has been opened again, and can be loaded as often as one likes.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { podmanForTests } from '../support/podman/podman'
import { describeWhere } from '../support/requires'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { inPairs, killedAndFinished, recover, startChild } from './crash'

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
const kind = 'load-images'
const image = `localhost/im-test/loaded:${process.pid}`

describeWhere(missing === undefined, missing ?? '')('an image from a file', () => {
  if ('missing' in podman) return
  let workspace: TestWorkspace
  let file: string
  const remove = () => execa('podman', ['rmi', image], { reject: false, input: '' })
  const isThere = async () =>
    (await execa('podman', ['image', 'exists', image], { reject: false, input: '' })).exitCode === 0

  const isLoading = async () => {
    const pids = (await readdir('/proc')).filter(it => /^\d+$/.test(it))
    const commands = await Promise.all(pids.map(it => readFile(`/proc/${it}/cmdline`, 'latin1').catch(() => '')))
    return commands.some(it => it.includes(`load\0--input\0${file}`))
  }

  beforeAll(async () => {
    workspace = await testWorkspace({ driver: 'podman', images: { ...podman.images, pgbouncer: image } })
    file = join(workspace.home, 'image.tar')
    const content = join(workspace.home, 'content')
    await mkdir(content)
    await writeFile(join(content, 'large'), randomBytes(150_000_000)) // loading it takes a while
    await writeFile(join(content, 'Containerfile'), `FROM ${podman.images.pgbouncer}\nCOPY large /`)
    await execa('podman', ['build', '--tag', image, content], { input: '' })
    await execa('podman', ['save', '--output', file, image], { input: '' })
  })
  beforeEach(async () => {
    await remove()
    await workspace.open()
  })
  afterAll(async () => {
    await remove()
    await workspace.remove()
  })

  it.each(inPairs('load'))('killed $killed: it is loaded', async fatal => {
    await killedAndFinished(workspace, kind, { file }, fatal)
    expect(await isThere()).toBe(true)
  })

  it('killed while Podman loads it: it is loaded, and again if one likes', async () => {
    await workspace.close()
    const child = startChild(workspace, { run: [[kind, { file }]] })
    await until(isLoading)
    child.kill('SIGKILL')
    await child
    expect(await recover(workspace)).toMatchObject([{ kind, phase: 'succeeded' }])
    expect(await isThere()).toBe(true)
    const { operations } = workspace.services
    mustSucceed(await operations.settled(await operations.start(kind, { file })))
  })
})
