/**
 * Creates an instance as the implementation guide's command line did: nine steps, one after the other, every tool
 * through its own command. Standard input, one JSON object: { workspace, name, port, admin: { port, sockets?, user,
 * password, database }, pooledPort, director: { name, email, password } } PM2_HOME is in the environment. Standard
 * output, one JSON line: the seconds of each step.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const input = JSON.parse(readFileSync(0, 'utf8'))
const folder = join(input.workspace, 'instances', input.name)
const [server, client] = [join(folder, 'server'), join(folder, 'client')]
const database = {
  name: `${input.name}_db`,
  user: `${input.name}_user`,
  password: Math.random().toString(36).slice(-12) + Math.random().toString(36).slice(-12),
}
const url = port => `postgresql://${database.user}:${database.password}@127.0.0.1:${port}/${database.name}`
const directUrl = url(input.admin.port)

const run = (cwd, file, args, options) =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['pipe', 'pipe', 2], ...options })
const npx = args => run(server, 'npx', args)
const pm2 = args => run(server, resolve(import.meta.dirname, '../../node_modules/.bin/pm2'), args)

const seconds = {}
async function step(name, work) {
  const start = performance.now()
  await work()
  seconds[name] = (performance.now() - start) / 1000
}

const writeEnv = databaseUrl =>
  writeFileSync(
    join(server, '.env'),
    Object.entries({
      DATABASE_URL: databaseUrl,
      DIRECT_URL: directUrl,
      PORT: input.port,
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      JWT_SECRET: database.password,
      INSTANCE_NAME: input.name,
    })
      .map(([key, value]) => `${key}="${value}"\n`)
      .join(''),
  )

await step('database', async () => {
  const admin = new pg.Client({ host: input.admin.sockets ?? '127.0.0.1', ...input.admin })
  await admin.connect()
  await admin.query(`CREATE ROLE "${database.user}" LOGIN PASSWORD '${database.password}'`)
  await admin.query(`CREATE DATABASE "${database.name}" OWNER "${database.user}"`)
  await admin.end()
})

await step('files', () => {
  mkdirSync(folder)
  run(input.workspace, 'cp', ['-r', 'server', 'client', folder])
  mkdirSync(join(server, 'uploads/profile-pics'), { recursive: true })
  writeEnv(directUrl)
  const its = {
    ...database,
    host: '127.0.0.1',
    port: input.pooledPort,
    directPort: input.admin.port,
    url: `${url(input.pooledPort)}?pgbouncer=true`,
    directUrl,
  }
  writeFileSync(join(folder, 'db-config.json'), JSON.stringify(its, null, 2))
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify(
      {
        name: input.name,
        port: input.port,
        database: its,
        paths: { instance: folder, server, client, uploads: join(server, 'uploads') },
        created: new Date().toISOString(),
      },
      null,
      2,
    ),
  )
})

await step('install server', () => run(server, 'npm', ['install']))
await step('install client', () => run(client, 'npm', ['install']))
await step('generate', () => npx(['prisma', 'generate']))
await step('push schema', () => npx(['prisma', 'db', 'push', '--accept-data-loss']))

await step('director', () =>
  run(
    server,
    'node',
    [
      '--input-type=module',
      '--eval',
      `
  import 'dotenv/config'
  import { hash } from 'bcrypt'
  import { PrismaClient } from '@prisma/client'
  import { PrismaPg } from '@prisma/adapter-pg'
  const { name, email, password } = JSON.parse(process.env.DIRECTOR)
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) })
  await prisma.user.create({ data: { name, email, password: await hash(password, 10), role: 'director', status: 'approved' } })
  await prisma.$disconnect()
`,
    ],
    { env: { ...process.env, DIRECTOR: JSON.stringify(input.director) } },
  ),
)

await step('switch to pool', () => writeEnv(`${url(input.pooledPort)}?pgbouncer=true`))
await step('build client', () => run(client, 'npm', ['run', 'build']))

await step('start', () => {
  pm2(['start', 'index.js', '--name', input.name, '--cwd', server, '--time'])
  pm2(['save'])
})

await step('health', async () => {
  await delay(2000) // the guide's
  const found = JSON.parse(pm2(['jlist'])).find(it => it.name === input.name)
  if (found?.pm2_env.status !== 'online') throw new Error(`PM2 says ${found?.pm2_env.status}`)
  for (let attempt = 1; !(await listens()); attempt++) {
    if (attempt === 10) throw new Error(`nobody listens on port ${input.port}`)
    await delay(1000)
  }
})

function listens() {
  return new Promise(done => {
    const socket = connect(input.port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}

process.stdout.write(`${JSON.stringify(seconds)}\n`)
