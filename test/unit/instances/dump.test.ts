/** The dump of a database before its schema changes: never begun on a disk that can't hold it. */
import { readdir } from 'node:fs/promises'
import { expect, it, vi } from 'vitest'
import { dumpDatabase } from '../../../src/main/instances/rebuild/dump'
import type { RebuildServices } from '../../../src/main/instances/rebuild/services'
import type { Context } from '../../../src/main/operations/operation'
import { makeFolder } from '../../../src/main/system/files'
import { writeInstanceConfig } from '../../../src/main/workspace/instance-config'
import { instancePaths, workspacePaths } from '../../../src/main/workspace/paths'
import type { ExchangePlan } from '../../../src/shared/jobs/rebuild'
import { problem } from '../../../src/shared/problem'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

it('a disk that can’t hold the dump and the change: refused before pg_dump is started', async () => {
  const paths = workspacePaths(await temporary())
  const manifest = manifestSchema.parse({})
  const its = instancePaths(paths, manifest, 'school')
  await makeFolder(its.slots.replaced.folder)
  const login = { name: 'school_db', user: 'school', password: 'x', host: '127.0.0.1', port: 1, directPort: 2 }
  await writeInstanceConfig(its.config, {
    name: 'school',
    port: 5001,
    database: { ...login, url: '', directUrl: '' },
    paths: { instance: its.folder, server: its.server, client: its.client, uploads: '' },
    created: '',
  })
  const tool = vi.fn<() => void>()
  const full = problem({ code: 'disk-space', message: 'There isn’t enough disk space for a dump of the database.' })
  const require = vi.fn<() => Promise<void>>().mockRejectedValue(full)
  const services = {
    paths,
    infrastructure: { driver: () => Promise.resolve({ tool }) },
    databases: { usage: () => Promise.resolve({ bytes: 1000 }) },
    space: { require },
  } as unknown as RebuildServices
  const plan = { target: { name: 'school' }, manifest } as unknown as ExchangePlan
  const context = { plan, signal: new AbortController().signal } as Context<ExchangePlan>
  await expect(dumpDatabase(services).do(context)).rejects.toBe(full)
  expect(require).toHaveBeenCalledWith('a dump of the database', 5000, true) // itself, the change, and their log
  expect(tool).not.toHaveBeenCalled()
  expect(await readdir(its.slots.replaced.folder)).toEqual([])
})
