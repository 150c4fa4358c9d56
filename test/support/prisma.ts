/** The sample application's server packages, for Prisma's command alone. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createRun, type Run } from '../../src/main/system/run'
import { madeOnce } from './shared'

export interface InstalledPrisma {
  readonly run: Run
  readonly server: string
  remove(): Promise<void>
}

/** A server folder of its own; the packages' files, which nothing writes to, are those that the run has installed. */
export async function installPrisma(): Promise<InstalledPrisma> {
  const server = await mkdtemp(join(tmpdir(), 'im-prisma-'))
  const run = createRun(server)
  for (const it of ['package.json', 'package-lock.json', 'prisma.config.ts', 'prisma'])
    await cp(join(resolve('resources/sample-app/server'), it), join(server, it), { recursive: true })
  const installed = await madeOnce('prisma', async folder => {
    for (const it of ['package.json', 'package-lock.json']) await cp(join(server, it), join(folder, it))
    await createRun(folder)('npm', ['ci', '--prefer-offline'], { cwd: folder, timeout: 240_000 })
  })
  await run('cp', ['--archive', '--link', join(installed, 'node_modules'), server], { timeout: 60_000 })
  return { run, server, remove: () => rm(server, { recursive: true, force: true }) }
}
