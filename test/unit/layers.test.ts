/**
 * The layers of docs/architecture.md. Every import of src is held against src/layers.json. The linter holds what
 * concerns packages, and types: each forbidden import is planted and must be found, each allowed one must pass.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allArrows, arrowsOf, circlesOfFiles, isAllowed, layers, layerTable, roomOf, sourceFiles } from './arrows'

const forbidden = [
  ['src/shared/a.ts', `import { readFile } from 'node:fs'`],
  ['src/shared/a.ts', `import { app } from 'electron'`],
  ['src/shared/a.ts', `import { createRun } from '../main/system/run'`],
  ['src/renderer/src/create/a.ts', `import { createRun } from '../../../main/system/run'`],
  ['src/renderer/src/create/a.ts', `import type { Run } from '../../../main/system/run'`],
  ['src/renderer/src/create/a.ts', `import { router } from '../../../main/api/router'`],
  ['src/renderer/src/create/a.ts', `import { ipcRenderer } from 'electron'`],
  ['src/renderer/src/create/a.ts', `import { join } from 'node:path'`],
  ['src/renderer/src/a.ts', `import { bridge } from '../../preload/index'`],
  ['src/preload/index.ts', `import { createRun } from '../main/system/run'`],
  ['src/preload/index.ts', `import { router } from '../main/api/router'`],
  ['src/preload/index.ts', `import { join } from 'node:path'`],
  ['src/main/compose.ts', `import { app } from 'electron'`],
  ['src/main/transport/web-socket.ts', `import { app } from 'electron'`],
  ['src/main/instances/create.ts', `import { app } from 'electron'`],
  ['src/main/api/router.ts', `import { App } from '../../renderer/src/app/app'`],
  ['src/main/operations/engine.ts', `import { registry } from '../instances/registry'`],
  ['src/main/operations/engine.ts', `import { writeAtomic } from '../system/files'`],
  ['src/main/operations/engine.ts', `import { app } from 'electron'`],
  ['src/main/operations/engine.ts', `import { execa } from 'execa'`],
  ['src/main/processes/daemon.ts', `import { registry } from '../instances/registry'`],
  ['src/main/infrastructure/podman.ts', `import { registry } from '../instances/registry'`],
  ['src/main/infrastructure/embedded.ts', `import type { Registry } from '../instances'`],
  ['src/main/infrastructure/podman.ts', `import { app } from 'electron'`],
  ['src/main/system/run.ts', `import { registry } from '../instances/registry'`],
] as const

const allowed = [
  ['src/shared/a.ts', `import { z } from 'zod'`],
  ['src/shared/a.ts', `import Papa from 'papaparse'`],
  ['src/shared/a.ts', `import { problem } from './problem'`],
  ['src/renderer/src/create/a.ts', `import type { AppRouter } from '../../../main/api/router'`],
  ['src/renderer/src/create/a.ts', `import { problem } from '../../../shared/problem'`],
  ['src/preload/index.ts', `import { ipcRenderer } from 'electron'`],
  ['src/main/index.ts', `import { app } from 'electron'`],
  ['src/main/transport/ipc-socket.ts', `import { ipcMain } from 'electron'`],
  ['src/main/operations/engine.ts', `import { fold } from '../../shared/operation'`],
  ['src/main/operations/engine.ts', `import { open } from 'node:fs/promises'`],
  ['src/main/operations/engine.ts', `import { journal } from './journal'`],
  ['src/main/operations/claims.ts', `import { KeyedQueue } from '../system/serial-queue'`],
  ['src/main/infrastructure/podman.ts', `import type { Run } from '../system/run'`],
  ['src/main/instances/create.ts', `import { client } from '../processes/client'`],
] as const

let folder: string
let found: Set<string>
const project = resolve(import.meta.dirname, '..', '..')
/** Each import in a small project of its own, so that every path is the real one. */
const planted = (kind: string, path: string, index: number): string => join(`${kind}${index}`, path)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'im-layers-'))
  for (const [kind, cases] of [
    ['forbidden', forbidden],
    ['allowed', allowed],
  ] as const) {
    for (const [index, it] of cases.entries()) {
      const path = join(folder, planted(kind, it[0], index))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, `${it[1]}\n`)
      await copyFile(join(project, '.oxlintrc.json'), join(folder, `${kind}${index}`, '.oxlintrc.json'))
    }
  }
  const output = await new Promise<string>(done => {
    execFile(
      join(project, 'node_modules/.bin/oxlint'),
      ['-f', 'json', '.'],
      { cwd: folder, timeout: 60_000 },
      (_error, stdout) => done(stdout),
    )
  })
  const report = JSON.parse(output) as { diagnostics: { code: string; filename: string }[] }
  found = new Set(report.diagnostics.filter(it => it.code === 'eslint(no-restricted-imports)').map(it => it.filename))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('forbidden', () => {
  test.each(forbidden.map((it, index) => ({ path: it[0], code: it[1], file: planted('forbidden', it[0], index) })))(
    '$path: $code',
    ({ file }) => {
      expect(found).toContain(file)
    },
  )
})

describe('allowed', () => {
  test.each(allowed.map((it, index) => ({ path: it[0], code: it[1], file: planted('allowed', it[0], index) })))(
    '$path: $code',
    ({ file }) => {
      expect(found).not.toContain(file)
    },
  )
})

describe('src/layers.json', () => {
  test('has a room for every file', async () => {
    expect((await sourceFiles()).filter(it => roomOf(it) === undefined)).toEqual([])
  })

  test('allows every import of src, and nothing that no file imports', async () => {
    const arrows = await allArrows()
    expect(arrows.filter(it => !isAllowed(it)).map(it => `${it.file} imports ${it.imported}`)).toEqual([])
    const drawn = new Set(arrows.map(it => `${it.from} → ${it.to}`))
    expect(
      layers.flatMap(({ room, imports }) => imports.map(it => `${room} → ${it}`)).filter(it => !drawn.has(it)),
    ).toEqual([])
  })

  test('has no circle: a room imports only rooms that stand before it', () => {
    const before: string[] = []
    for (const { room, imports } of layers) {
      expect(imports.filter(it => !before.includes(it))).toEqual([])
      before.push(room)
    }
  })

  test('nor is there one of files, in any room', async () => {
    expect(await circlesOfFiles()).toEqual([])
  })

  test('is the table that docs/architecture.md shows', async () => {
    expect(await readFile(join(project, 'docs/architecture.md'), 'utf8')).toContain(`\n${layerTable()}\n`)
  })

  test.each([
    [`import { rotatedFiles } from '../logs/rotate-names'`],
    [`import type { Logs } from '../logs/logs'`],
    [`export * from '../logs/logs'`],
    [`export type { Logs } from '../logs/logs'`],
    [`const { Logs } = await import('../logs/logs')`],
    [`type Logs = import('../logs/logs').Logs`],
  ])('finds %s', code => {
    const [arrow, ...more] = arrowsOf('src/main/processes/a.ts', code)
    expect([arrow, more]).toMatchObject([{ from: 'src/main/processes', to: 'src/main/logs' }, []])
    expect(arrow && isAllowed(arrow)).toBe(false)
  })
})
