/** The sample application's server packages, for Prisma's command alone. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createRun, type Run } from '../../src/main/system/run'

export interface InstalledPrisma {
  readonly run: Run
  readonly server: string
  remove(): Promise<void>
}

export async function installPrisma(): Promise<InstalledPrisma> {
  const server = await mkdtemp(join(tmpdir(), 'im-prisma-'))
  const run = createRun(server)
  for (const it of ['package.json', 'package-lock.json', 'prisma.config.ts', 'prisma'])
    await cp(join(resolve('resources/sample-app/server'), it), join(server, it), { recursive: true })
  await run('npm', ['ci', '--prefer-offline'], { cwd: server, timeout: 240_000 })
  return { run, server, remove: () => rm(server, { recursive: true, force: true }) }
}
