/** Connections to an instance's database, as the instance itself would open them. */
import { join } from 'node:path'
import { Client } from 'pg'
import { readJson } from '../../src/main/system/files'
import { instanceConfigSchema } from '../../src/shared/instance'

export interface InstanceLogin {
  readonly database: string
  readonly user: string
  readonly password: string
}

/** From its config.json. @param root the workspace */
export async function loginOf(root: string, name: string): Promise<InstanceLogin> {
  const config = await readJson(join(root, 'instances', name, 'config.json'), instanceConfigSchema)
  if (!config) throw new Error(`no instance ${name}`)
  const { name: database, user, password } = config.database
  return { database, user, password }
}

/** Close it with `end()`. @param port PostgreSQL's or PgBouncer's */
export async function connectAs(login: InstanceLogin, port: number): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port, ...login, connectionTimeoutMillis: 20_000 })
  client.on('error', () => undefined) // it may be ended by the test
  await client.connect()
  return client
}

/** One transaction takes a lock, and a statement of another begins to wait for it. @returns when it ends: how */
export async function beginLockWait(holder: Client, waiter: Client): Promise<{ readonly ends: Promise<string> }> {
  await holder.query('CREATE TABLE IF NOT EXISTS seats (id int, guest text)')
  await holder.query('BEGIN')
  await holder.query('LOCK TABLE seats')
  return { ends: waiter.query("INSERT INTO seats VALUES (4711, 'alice')").then(() => 'done', String) }
}
