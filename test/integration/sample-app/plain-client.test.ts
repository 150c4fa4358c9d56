/**
 * resources/director.cjs with `new PrismaClient()` as most applications have it. Such a client needs Prisma's
 * native engine, which cannot be had everywhere: a stand-in of the same face takes its place. A real client is in
 * sample-app.test.ts.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDirector } from '../../support/sample-app'

const standIn = `
  const { existsSync, readFileSync, writeFileSync } = require('node:fs')
  console.log('packages talk on standard output')
  setInterval(() => {}, 1000) // and keep the process alive
  const rows = () => existsSync('rows.json') ? JSON.parse(readFileSync('rows.json', 'utf8')) : []
  class PrismaClient {
    constructor(options) {
      if (options) throw new Error('this client takes no options')
      if (!process.env.DATABASE_URL) throw new Error('no DATABASE_URL')
      this._runtimeDataModel = { models: { User: { fields: [
        { name: 'id', kind: 'scalar', type: 'Int' }, { name: 'email', kind: 'scalar', type: 'String' },
        { name: 'passwordHash', kind: 'scalar', type: 'String' }, { name: 'name', kind: 'scalar', type: 'String' },
        { name: 'role', kind: 'enum', type: 'Role' },
      ] } } }
      this.user = {
        findFirst: async ({ where }) => rows().find(it => it.email === where.email) ?? null,
        create: async ({ data }) => {
          if (data.name === 'fails') throw new Error('Invalid invocation:\\n{ passwordHash: "' + data.passwordHash + '" }\\n\\nno ' + data.passwordHash + ' at ' + process.env.DATABASE_URL)
          if (data.name === 'misses') throw Object.assign(new Error('Invalid invocation\\n\\nArgument \`school\` is missing.'), { name: 'PrismaClientValidationError' })
          writeFileSync('rows.json', JSON.stringify([...rows(), data]))
        },
      }
    }
    async $disconnect() { writeFileSync('disconnected', '') }
  }
  module.exports = { PrismaClient, $Enums: { Role: { STUDENT: 'STUDENT', DIRECTOR: 'DIRECTOR' } } }`

const url = 'postgresql://user:canaryPassword@127.0.0.1:1/x'
const account = {
  email: "o'brien@example.org",
  name: 'O\'Brien "); process.exit(9); //',
  passwordHash: '$2b$10$canaryHash',
  model: 'user',
  role: 'director',
  status: 'approved',
}
let server: string

beforeEach(async () => {
  server = await mkdtemp(join(tmpdir(), 'im-plain-client-'))
  await install('node_modules/@prisma/client')
})
afterEach(() => rm(server, { recursive: true, force: true }))

async function install(folder: string): Promise<void> {
  await mkdir(join(server, folder), { recursive: true })
  await writeFile(join(server, folder, 'index.js'), standIn)
  await writeFile(join(server, 'package.json'), '{}')
}

test('creates the account with the fields that the model has, once, and ends by itself', async () => {
  expect(await createDirector(server, url, account)).toMatchObject({ answer: { ok: true, created: true }, exitCode: 0 })
  const { email, name, passwordHash } = account
  expect(JSON.parse(await readFile(join(server, 'rows.json'), 'utf8'))).toEqual([
    { email, name, passwordHash, role: 'DIRECTOR' },
  ])
  expect((await createDirector(server, url, account)).answer).toEqual({ ok: true, created: false })
  expect((await createDirector(server, url, { ...account, passwordHash: 'another' })).answer).toMatchObject({
    code: 'director-email-taken',
  })
  await readFile(join(server, 'disconnected'))
})

test('finds a client that is generated into a folder of its own', async () => {
  await rm(join(server, 'node_modules'), { recursive: true })
  await install('src/generated')
  await mkdir(join(server, 'prisma'))
  await writeFile(
    join(server, 'prisma/schema.prisma'),
    'generator client {\n  provider = "prisma-client-js"\n  output   = "../src/generated"\n}\n',
  )
  expect((await createDirector(server, url, { ...account, action: 'find' })).answer).toEqual({
    ok: true,
    exists: false,
  })
})

test('says what the model requires, and shows no secret of what the client says', async () => {
  const { answer } = await createDirector(server, url, { ...account, name: 'misses' })
  expect(answer).toMatchObject({
    code: 'director-model',
    message: expect.stringContaining('requires school') as string,
  })
  const failed = await createDirector(server, url, { ...account, name: 'fails' })
  expect(failed.answer).toMatchObject({
    code: 'director-database',
    message: expect.stringContaining('no *** at ***') as string,
  })
  expect(failed.output).not.toMatch(/canary/)
})

test('refuses a name that the model has no field for, instead of dropping it', async () => {
  const field = "{ name: 'name', kind: 'scalar', type: 'String' },"
  await writeFile(join(server, 'node_modules/@prisma/client/index.js'), standIn.replace(field, ''))
  const change = { action: 'change', model: 'user', account: account.email, name: 'Ada' }
  expect((await createDirector(server, url, change)).answer).toMatchObject({
    code: 'director-model',
    message: expect.stringContaining('no field for the name') as string,
  })
})

test('says that there is no client', async () => {
  await rm(join(server, 'node_modules'), { recursive: true })
  expect((await createDirector(server, url, account)).answer).toMatchObject({
    code: 'director-client',
    message: expect.stringContaining('prisma generate') as string,
  })
  expect((await createDirector(server, url, 'no JSON')).answer).toMatchObject({ code: 'director-input' })
})
