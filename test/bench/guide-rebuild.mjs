/**
 * Rebuilds an instance as the implementation guide's command line did: its twelve steps, one after the other, without
 * the schema. Standard input, one JSON object: { workspace, name, port }. PM2_HOME is in the environment.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const { workspace, name, port } = JSON.parse(readFileSync(0, 'utf8'))
const folder = join(workspace, 'instances', name)
const [server, client, kept] = [join(folder, 'server'), join(folder, 'client'), join(folder, 'kept')]
const run = (cwd, file, args) => execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['pipe', 'pipe', 2] })
const pm2 = args => run(workspace, resolve(import.meta.dirname, '../../node_modules/.bin/pm2'), args)

pm2(['stop', name])
cpSync(folder, join(workspace, `rollback-${name}`), { recursive: true, verbatimSymlinks: true })
cpSync(join(server, 'uploads'), join(kept, 'uploads'), { recursive: true })
cpSync(join(server, '.env'), join(kept, '.env'))
for (const it of [server, client]) rmSync(it, { recursive: true })
run(workspace, 'cp', ['-r', 'server', 'client', folder])
rmSync(join(server, 'uploads'), { recursive: true, force: true })
renameSync(join(kept, 'uploads'), join(server, 'uploads'))
renameSync(join(kept, '.env'), join(server, '.env'))
run(server, 'npm', ['install'])
run(server, 'npx', ['prisma', 'generate'])
run(client, 'npm', ['install'])
run(client, 'npm', ['run', 'build'])
pm2(['start', name])
await delay(2000) // the guide's
for (let attempt = 1; !(await listens()); attempt++) {
  if (attempt === 10) throw new Error(`nobody listens on port ${port}`)
  await delay(1000)
}
rmSync(join(workspace, `rollback-${name}`), { recursive: true })

function listens() {
  return new Promise(done => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
