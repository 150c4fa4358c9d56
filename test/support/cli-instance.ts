/** Instances as created by the guide's command line tool: its files, its use of PostgreSQL, its PM2 commands. */
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { execa } from 'execa'
import { escapeIdentifier } from 'pg'
import type { TestWorkspace } from './workspace'
import { freePort } from './ports'

export interface CliInstance {
  readonly name: string
  readonly port: number
  readonly folder: string
  readonly server: string
  readonly database: string
  readonly role: string
  readonly password: string
}

/** Where to create instances, and the ports of PostgreSQL and PgBouncer to write into them. */
interface Place {
  readonly root: string
  readonly services: {
    readonly infrastructure: {
      status(): Promise<{ readonly [service in 'postgres' | 'pgbouncer']: { readonly port: number } }>
    }
  }
}

/**
 * Writes the folder: config.json, db-config.json, server/ with `.env` and uploads. World-readable, as the tool left
 * them. As with the tool, `.env` has the direct URL until the database is created.
 */
export async function layOut({ root, services }: Place, name: string, chosen?: number): Promise<CliInstance> {
  const port = chosen ?? (await freePort())
  const folder = join(root, 'instances', name)
  const [server, client] = [join(folder, 'server'), join(folder, 'client')]
  const [database, role, password] = [
    `${name.toLowerCase()}_db`,
    `${name.toLowerCase()}_user`,
    'abcdefghijkl0123456789mn',
  ]
  const ports = await services.infrastructure.status()
  const url = (of: number): string => `postgresql://${role}:${password}@127.0.0.1:${of}/${database}`
  const its = {
    name: database,
    user: role,
    password,
    host: '127.0.0.1',
    port: ports.pgbouncer.port,
    directPort: ports.postgres.port,
    url: `${url(ports.pgbouncer.port)}?pgbouncer=true`,
    directUrl: url(ports.postgres.port),
  }
  await mkdir(join(server, 'uploads/profile-pics'), { recursive: true })
  await mkdir(join(client, 'build'), { recursive: true })
  await writeFile(join(client, 'build/index.html'), '<h1>tiny</h1>')
  await copyFile(join(root, 'server/index.js'), join(server, 'index.js'))
  await writeFile(
    join(server, '.env'),
    `DATABASE_URL="${its.directUrl}"\nDIRECT_URL="${its.directUrl}"\nPORT=${port}\nNODE_ENV=production\nHOST=0.0.0.0\nEMAIL_USER=\nINSTANCE_NAME=${name}`,
  )
  await writeFile(join(folder, 'db-config.json'), JSON.stringify(its, null, 2))
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify(
      {
        name,
        port,
        database: its,
        paths: { instance: folder, server, client, uploads: join(server, 'uploads') },
        created: '2025-01-17T10:30:00.000Z',
        note: 'kept',
      },
      null,
      2,
    ),
  )
  return { name, port, folder, server, database, role, password }
}

/** A copy of an instance of the tiny base application: its config.json belongs to another folder, which exists. */
export async function layOutCopy(place: Place & Pick<TestWorkspace, 'home'>, name: string): Promise<CliInstance> {
  const its = await layOut(place, name)
  const original = join(place.home, `original-${name}`)
  await cp(its.folder, original, { recursive: true })
  const config = join(its.folder, 'config.json')
  await writeFile(config, (await readFile(config, 'utf8')).replaceAll(its.folder, original))
  for (const it of ['package.json', 'generate.cjs']) await cp(join(place.root, 'server', it), join(its.server, it))
  await execa(process.execPath, ['generate.cjs'], { cwd: its.server })
  return its
}

/** createdb, CREATE USER, GRANT, ALTER OWNER: with none of our marks. Then `.env` gets the pooled URL. */
export async function makeDatabase(
  { sql }: Pick<TestWorkspace, 'sql'>,
  { database, role, password, folder, server }: CliInstance,
): Promise<void> {
  const [db, user] = [escapeIdentifier(database), escapeIdentifier(role)]
  for (const text of [
    `CREATE DATABASE ${db}`,
    `CREATE USER ${user} WITH ENCRYPTED PASSWORD '${password}'`,
    `GRANT ALL PRIVILEGES ON DATABASE ${db} TO ${user}`,
    `ALTER DATABASE ${db} OWNER TO ${user}`,
  ])
    await sql(text)
  const { url, directUrl } = JSON.parse(await readFile(join(folder, 'db-config.json'), 'utf8')) as {
    url: string
    directUrl: string
  }
  const env = await readFile(join(server, '.env'), 'utf8')
  await writeFile(join(server, '.env'), env.replace(`DATABASE_URL="${directUrl}"`, `DATABASE_URL="${url}"`))
}

/** A `pm2` command, as an operator types it. @returns its standard output */
export async function pm2({ host }: Pick<TestWorkspace, 'host'>, ...args: string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, [createRequire(import.meta.url).resolve('pm2/bin/pm2'), ...args], {
    env: { PATH: process.env['PATH'], HOME: host.home, PM2_HOME: host.pm2Home },
    extendEnv: false,
    input: '',
    timeout: 60_000,
  })
  return stdout
}

/** pm2 start index.js --name … --cwd … --time; pm2 save. */
export async function startByCli(workspace: Pick<TestWorkspace, 'host'>, { name, server }: CliInstance): Promise<void> {
  await pm2(workspace, 'start', 'index.js', '--name', name, '--cwd', server, '--time')
  await pm2(workspace, 'save')
}
