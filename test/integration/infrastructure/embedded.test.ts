import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { workingIn } from '../../../src/main/infrastructure/daemons'
import { infrastructureSuite } from './suite'

infrastructureSuite('the embedded driver', {
  // Spaces, and longer than a socket's path may be.
  options: () => Promise.resolve({ driver: 'embedded', folder: `a school's "workspace" ${'x'.repeat(120)}` }),
  kill: async (it, service) => {
    const folder = join(it.root, '.instance-manager', 'embedded', service)
    const pids = await workingIn(folder, service)
    const first = service === 'postgres' ? [Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0])] : pids
    for (const pid of first) {
      if (!pids.includes(pid)) throw new Error('not ours')
      process.kill(pid, 'SIGKILL')
    }
    while ((await workingIn(folder, service)).length > 0) await sleep(50)
  },
  logs: async it => {
    const embedded = join(it.root, '.instance-manager', 'embedded')
    const folder = join(embedded, 'postgres', 'log')
    const files = [...(await readdir(folder)).map(name => join(folder, name)), join(embedded, 'postgres-start.log'), join(embedded, 'pgbouncer', 'pgbouncer.log')]
    return (await Promise.all(files.map(file => readFile(file, 'utf8')))).join('\n')
  },
})
