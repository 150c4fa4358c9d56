/**
 * A faster sample application that misbehaves on demand: a few lines of SQL push its schema instantly, and the
 * instance's name determines its behaviour, so that one prepared release serves many tests.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Prefixes of instance names, and the behaviour they select. */
export const behaviour = {
  /** The schema push creates an account with the director's e-mail address and another password. */
  seeded: 'seeded',
  /** The push runs in PostgreSQL until it is stopped. */
  slowPush: 'slow-push',
  /** The push fails with a reason. */
  failingPush: 'failing-push',
  /** The server runs but doesn't listen. */
  deaf: 'deaf',
  /** The server exits at once. */
  mortal: 'mortal',
} as const

const push = String.raw`
const { basename, dirname } = require('node:path')
const { Client } = require('pg')
const name = basename(dirname(process.cwd()))
const sql = [
  'BEGIN',
  "DO $$ BEGIN CREATE TYPE role AS ENUM ('student', 'teacher', 'director'); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
  "DO $$ BEGIN CREATE TYPE account_status AS ENUM ('pending', 'approved', 'suspended'); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
  "CREATE TABLE IF NOT EXISTS users (id serial PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, password_hash text NOT NULL, role role NOT NULL DEFAULT 'student', status account_status NOT NULL DEFAULT 'pending', profile_picture text, created_at timestamp(3) NOT NULL DEFAULT now(), updated_at timestamp(3) NOT NULL)",
  'COMMIT',
]
async function main() {
  const client = new Client({ connectionString: process.env.DIRECT_URL })
  client.on('error', () => undefined)
  await client.connect()
  for (const it of sql) await client.query(it)
  if (name.startsWith('seeded')) await client.query("INSERT INTO users (name, email, password_hash, updated_at) VALUES ('Seed', 'ada@school.example', 'x', now()) ON CONFLICT DO NOTHING")
  if (name.startsWith('failing-push')) throw new Error('the schema has a mistake on line 7')
  if (name.startsWith('slow-push')) await client.query('SELECT pg_sleep(600)')
  await client.end()
}
main().catch(error => { console.error(error.message); process.exit(1) })
`

const index = String.raw`
import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
const { INSTANCE_NAME } = parse(readFileSync(new URL('.env', import.meta.url)))
if (INSTANCE_NAME.startsWith('mortal')) throw new Error('I cannot go on')
else if (INSTANCE_NAME.startsWith('deaf')) setInterval(() => undefined, 1000)
else await import('./sample.js')
`

export async function makeQuick(root: string): Promise<void> {
  const server = join(root, 'server')
  await writeFile(join(server, 'sample.js'), await readFile(join(server, 'index.js')))
  await writeFile(join(server, 'index.js'), index)
  await writeFile(join(server, 'push.cjs'), push)
  await writeFile(join(root, 'instance-manager.json'), JSON.stringify({ server: { push: ['node', 'push.cjs'] } }))
}
