import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { App } from '../../src/main/app'
import type { WorkspaceServices } from '../../src/main/services'
import { productIn } from '../../src/main/system/product'
import { Updates } from '../../src/main/updates'
import { workspacePaths } from '../../src/main/workspace/paths'
import { RecentWorkspaces } from '../../src/main/workspace/recent'
import { problem } from '../../src/shared/problem'
import type { AppState } from '../../src/shared/workspace'
import { temporary } from './temporary'
import { eventually } from '../support/eventually'

let folder: string, app: App, recent: RecentWorkspaces
/** What was opened and closed, in order. */
let log: string[]
let refuse: Error | undefined
/** Whether an operation runs in the open workspace. */
let busy: boolean
/** Of the workspaces that were opened, the newest last. */
let endings: AbortController[]

beforeEach(async () => {
  folder = await temporary()
  log = []
  refuse = undefined
  busy = false
  endings = []
  recent = new RecentWorkspaces(join(folder, 'recent.json'))
  for (const it of ['one', 'two', 'sample']) {
    for (const file of [
      'server/package.json',
      'server/index.js',
      'server/prisma/schema.prisma',
      'client/package.json',
    ]) {
      await mkdir(join(folder, it, file, '..'), { recursive: true })
      await writeFile(join(folder, it, file), '')
    }
  }
  app = new App({
    pm2: '0',
    version: '1',
    home: folder,
    sample: join(folder, 'sample'),
    recent,
    updates: new Updates({ version: '1', product: productIn(folder) }),
    open: root => {
      if (refuse) return Promise.reject(refuse)
      log.push(`open ${root.slice(folder.length + 1)}`)
      const operations = { running: () => busy }
      const ending = new AbortController()
      endings.push(ending)
      return Promise.resolve({
        operations,
        signal: ending.signal,
        paths: workspacePaths(root),
        close: () => {
          log.push(`close ${root.slice(folder.length + 1)}`)
          return Promise.resolve()
        },
      } as unknown as WorkspaceServices)
    },
  })
})
const at = (name: string): string => join(folder, name)
async function shown(): Promise<AppState> {
  const stop = new AbortController()
  for await (const state of app.watch(stop.signal)) return state
  throw new Error('nothing was shown')
}

describe('App', () => {
  it('has no workspace at first', async () => {
    expect(() => app.workspace).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code: 'no-workspace' }) as unknown }),
    )
    expect(await shown()).toMatchObject({
      version: '1',
      home: folder,
      desktop: false,
      workspace: undefined,
      recent: [],
    })
  })

  it('opens one at a time, each once, under its real path, and remembers', async () => {
    await symlink(at('one'), at('link'))
    await app.open(at('one'))
    await app.open(at('link'))
    await app.open(at('two'))
    expect(log).toEqual(['open one', 'open two', 'close one'])
    expect(await shown()).toMatchObject({
      workspace: { path: at('two'), name: 'two' },
      recent: [{ path: at('two') }, { path: at('one') }],
    })
    expect(await app.last()).toBe(at('two'))
  })

  it('does what is asked at once in order', async () => {
    await Promise.all([app.open(at('one')), app.open(at('two')), app.close(), app.open(at('one'))])
    expect(log).toEqual(['open one', 'open two', 'close one', 'close two', 'open one'])
  })

  it('closes, and can open again', async () => {
    await app.open(at('one'))
    await app.close()
    expect(app.opened).toBeUndefined()
    expect((await shown()).workspace).toBeUndefined()
    await app.open(at('one'))
    expect(log).toEqual(['open one', 'close one', 'open one'])
  })

  it('keeps the open one when another folder is none', async () => {
    await app.open(at('one'))
    await expect(app.open(at('nowhere'))).rejects.toMatchObject({ problem: { code: 'workspace-unusable' } })
    expect(app.workspace.paths.root).toBe(at('one'))
  })

  it('keeps the open one when another cannot be opened', async () => {
    await app.open(at('one'))
    refuse = problem({ code: 'workspace-locked', message: 'Locked.' })
    await expect(app.open(at('two'))).rejects.toThrow('Locked.')
    expect(app.workspace.paths.root).toBe(at('one'))
    refuse = undefined
    await app.open(at('two'))
    expect(log).toEqual(['open one', 'open two', 'close one'])
  })

  it('is not left while an operation runs in it', async () => {
    await app.open(at('one'))
    busy = true
    for (const leave of [() => app.close(), () => app.open(at('two'))])
      await expect(leave()).rejects.toMatchObject({ problem: { code: 'operations-running' } })
    expect(app.workspace.paths.root).toBe(at('one'))
    busy = false
    await app.close()
    expect(log).toEqual(['open one', 'close one'])
  })

  it('shows why the last one could not be reopened, until the next change', async () => {
    refuse = problem({ code: 'workspace-locked', message: 'Locked.' })
    await app.reopen(at('one'))
    expect((await shown()).problem).toMatchObject({ code: 'workspace-locked' })
    refuse = undefined
    await app.open(at('one'))
    expect((await shown()).problem).toBeUndefined()
  })

  it('closes one whose lock is lost, says why, and can open it again', async () => {
    await app.open(at('one'))
    endings[0]?.abort(problem({ code: 'workspace-lock-lost', message: 'Lost.' }))
    await eventually(async () =>
      expect(await shown()).toMatchObject({ workspace: undefined, problem: { code: 'workspace-lock-lost' } }),
    )
    expect(log).toEqual(['open one', 'close one'])
    await app.open(at('one'))
    expect((await shown()).problem).toBeUndefined()
  })

  it('tells every change to those who watch', async () => {
    const stop = new AbortController()
    const seen: (string | undefined)[] = []
    const watching = (async () => {
      for await (const state of app.watch(stop.signal)) if (seen.push(state.workspace?.name) === 3) return
    })()
    while (seen.length < 1) await new Promise(setImmediate)
    await app.open(at('one'))
    while (seen.length < 2) await new Promise(setImmediate)
    await app.close()
    await watching
    expect(seen).toEqual([undefined, 'one', undefined])
  })

  it('makes a workspace of the sample and opens it', async () => {
    await app.createSample(at('new'))
    expect(log).toEqual(['open new'])
    expect(await readdir(at('new'))).toEqual(['client', 'server'])
  })

  it('forgets', async () => {
    await app.open(at('one'))
    await app.forget(at('one'))
    expect((await shown()).recent).toEqual([])
    expect(await app.last()).toBeUndefined()
  })
})
