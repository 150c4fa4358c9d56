'use strict'
/**
 * Creates the director's account through an instance's own Prisma client. Run by a plain Node, the working directory
 * being
 * the instance's server folder and DATABASE_URL in the environment; nothing of Instance Manager is imported.
 *
 * Standard input, one JSON object: { email, passwordHash, name, model, role?, status?, check? }
 *   model: the client's property, e.g. `user`; check: only look, change nothing.
 * Standard output, one JSON line; the exit code is 0 if `ok`, else 1:
 *   { ok: true, created: boolean }   false: this very account was there already (a repeat after a crash)
 *   { ok: true, exists: boolean }    for `check`: the email is there, with this passwordHash if one was given
 *   { ok: false, code, message }     code: director-input, director-client, director-model, director-email-taken,
 *   director-database, director-timeout
 * No output ever holds the hash or the database's password.
 */
const { existsSync, readdirSync, readFileSync, statSync, writeSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname, join, resolve } = require('node:path')
const { pathToFileURL } = require('node:url')

const limit = 30_000 // milliseconds for everything
const connectLimit = 10_000
const disconnectLimit = 2000

/** The model's fields that mean the same, in order of preference. */
const fieldNames = {
  email: ['email', 'emailAddress', 'email_address', 'mail'],
  password: ['password', 'passwordHash', 'password_hash', 'hashedPassword', 'hashed_password'],
  name: ['name', 'fullName', 'full_name', 'displayName', 'display_name'],
  firstName: ['firstName', 'first_name', 'firstname'],
  lastName: ['lastName', 'last_name', 'lastname'],
  role: ['role'],
  status: ['status'],
}

class Refusal extends Error {
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

const secrets = []
const fromServer = createRequire(join(process.cwd(), 'package.json'))

/** Prints the one line and ends the process, whatever timers or connections the client has left. */
function finish(result) {
  writeSync(1, `${JSON.stringify(result)}\n`)
  process.exit(result.ok ? 0 : 1)
}

function fail(error) {
  if (error instanceof Refusal) finish({ ok: false, code: error.code, message: redact(error.message) })
  finish({ ok: false, code: 'director-database', message: `The database refused: ${describe(error)}` })
}

function redact(text) {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
}

/** A foreign error in one line: Prisma's messages end with what matters, and may quote the data before it. */
function describe(error) {
  const lines = redact(String(error?.message ?? error))
    .split('\n')
    .map(it => it.trim())
    .filter(Boolean)
  return [error?.errorCode ?? error?.code, lines.at(-1) ?? error?.name].filter(Boolean).join(': ').slice(0, 500)
}

function readInput() {
  let input
  try {
    input = JSON.parse(readFileSync(0, 'utf8'))
  } catch {
    throw new Refusal('director-input', 'Standard input is not a JSON object.')
  }
  const isText = key => typeof input?.[key] === 'string' && input[key] !== ''
  const needed = input?.check ? ['email', 'model'] : ['email', 'model', 'name', 'passwordHash']
  const missing = needed.filter(key => !isText(key))
  if (missing.length > 0) throw new Refusal('director-input', `Missing on standard input: ${missing.join(', ')}.`)
  return input
}

function rememberSecrets({ passwordHash }) {
  const url = process.env.DATABASE_URL
  if (!url) throw new Refusal('director-input', 'DATABASE_URL is not set.')
  secrets.push(...[passwordHash, url].filter(Boolean))
  try {
    const { password } = new URL(url)
    if (password) secrets.push(password, decodeURIComponent(password))
  } catch {
    /* the client will say what is wrong with it */
  }
}

/** @returns the generated client's path if the schema sets `output`, else the package's name */
function clientLocation() {
  for (const file of schemaFiles()) {
    for (const [, generator] of readFileSync(file, 'utf8').matchAll(/^[ \t]*generator\s+\w+\s*\{([^}]*)\}/gm)) {
      const output = /^\s*output\s*=\s*"([^"]+)"/m.exec(generator)?.[1]
      if (output && /^\s*provider\s*=\s*"prisma-client(-js)?"/m.test(generator)) return resolve(dirname(file), output)
    }
  }
  return '@prisma/client'
}

function schemaFiles() {
  const configured = existsSync('package.json')
    ? JSON.parse(readFileSync('package.json', 'utf8')).prisma?.schema
    : undefined
  const found = [configured, 'prisma/schema.prisma', 'prisma/schema', 'schema.prisma'].find(it => it && existsSync(it))
  if (!found) return []
  if (statSync(found).isFile()) return [found]
  return readdirSync(found, { recursive: true })
    .filter(it => it.endsWith('.prisma'))
    .map(it => join(found, it))
}

/** Loads a module as the server would; CommonJS or ESM. */
async function load(name) {
  const module = await import(pathToFileURL(fromServer.resolve(name)).href)
  return module.default ?? module
}

async function openClient() {
  const location = clientLocation()
  let generated
  try {
    generated = await load(location)
    if (typeof generated.PrismaClient !== 'function') throw new Error('it exports no PrismaClient')
  } catch (error) {
    throw new Refusal(
      'director-client',
      `The Prisma client at ${location} cannot be loaded (${describe(error)}). Run "prisma generate"; a client generated as TypeScript is not supported.`,
    )
  }
  try {
    return { generated, client: new generated.PrismaClient() }
  } catch (error) {
    // A client without a native engine refuses to be made without a driver adapter.
    if (!/adapter/i.test(String(error?.message)))
      throw new Refusal('director-client', `The Prisma client cannot be used: ${describe(error)}`)
    return { generated, client: new generated.PrismaClient({ adapter: await openAdapter() }) }
  }
}

async function openAdapter() {
  let PrismaPg
  try {
    ;({ PrismaPg } = await load('@prisma/adapter-pg'))
  } catch (error) {
    throw new Refusal(
      'director-client',
      `The Prisma client wants a driver adapter, and @prisma/adapter-pg cannot be loaded: ${describe(error)}`,
    )
  }
  return new PrismaPg({
    connectionString: process.env.DATABASE_URL,
    max: 1,
    connectionTimeoutMillis: connectLimit,
    query_timeout: limit,
  })
}

/** The model's fields by what they mean, e.g. { email: { name: 'email', kind, type }, … }; absent ones are left out. */
function readModel(client, generated, model) {
  const models =
    generated.Prisma?.dmmf?.datamodel?.models ??
    // oxlint-disable-next-line no-underscore-dangle -- clients that do not export the data model have it here
    Object.entries(client._runtimeDataModel?.models ?? {}).map(([name, it]) => ({ ...it, name }))
  const property = ({ name }) => name.charAt(0).toLowerCase() + name.slice(1)
  const found = models.find(it => property(it) === model)
  if (!found)
    throw new Refusal(
      'director-model',
      `The Prisma client has no model "${model}". It has: ${models.map(property).join(', ') || 'none'}.`,
    )
  const fields = Object.fromEntries(
    Object.entries(fieldNames).flatMap(([meaning, names]) => {
      const field = names.map(name => found.fields.find(it => it.name === name)).find(Boolean)
      return field ? [[meaning, field]] : []
    }),
  )
  for (const meaning of ['email', 'password']) {
    if (!fields[meaning])
      throw new Refusal(
        'director-model',
        `The model "${model}" has no field for the ${meaning}: one of ${fieldNames[meaning].join(', ')} is needed.`,
      )
  }
  return fields
}

/** The row to write: only fields that the model has. */
function accountData(fields, input, generated) {
  const words = input.name.trim().split(/\s+/)
  const lastName = words.length > 1 ? words.pop() : ''
  const values = {
    email: input.email,
    password: input.passwordHash,
    name: input.name,
    firstName: words.join(' '),
    lastName,
    role: input.role,
    status: input.status,
  }
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([meaning]) => values[meaning] !== undefined)
      .map(([meaning, field]) => [field.name, fieldValue(field, values[meaning], generated)]),
  )
}

function fieldValue(field, value, generated) {
  if (field.kind === 'object')
    throw new Refusal(
      'director-model',
      `The field "${field.name}" is a relation; only plain text and enums can be filled.`,
    )
  if (field.kind !== 'enum') return value
  const allowed = Object.keys(generated.$Enums?.[field.type] ?? generated[field.type] ?? {})
  const match = allowed.find(it => it === value) ?? allowed.find(it => it.toLowerCase() === value.toLowerCase())
  if (!match)
    throw new Refusal(
      'director-model',
      `The field "${field.name}" knows no "${value}". It knows: ${allowed.join(', ')}.`,
    )
  return match
}

/** @returns 'same' (email and hash), 'other' (the email with another password), or undefined */
async function findAccount(table, fields, { email, passwordHash }) {
  const found = await table.findFirst({
    where: { [fields.email.name]: email },
    select: { [fields.password.name]: true },
  })
  if (!found) return undefined
  return passwordHash === undefined || found[fields.password.name] === passwordHash ? 'same' : 'other'
}

async function createAccount(table, fields, input, generated) {
  const data = accountData(fields, input, generated)
  const before = await findAccount(table, fields, input)
  if (before === 'other') throw emailTaken(input)
  if (before === 'same') return { ok: true, created: false }
  try {
    await table.create({ data, select: { [fields.email.name]: true } })
  } catch (error) {
    const unfilled = [...String(error?.message).matchAll(/Argument `(\w+)` is missing/g)].map(it => it[1])
    if (unfilled.length > 0)
      throw new Refusal(
        'director-model',
        `The model "${input.model}" requires ${unfilled.join(', ')}, which cannot be filled. Give it a default in the schema, or make it optional.`,
      )
    if (error?.name === 'PrismaClientValidationError')
      throw new Refusal('director-model', `The model "${input.model}" does not take this account: ${describe(error)}`)
    if (error?.code !== 'P2002') throw error
    // A unique field: the email, if someone else was faster, or one that we know nothing of.
    if (await findAccount(table, fields, input)) throw emailTaken(input)
    throw new Refusal(
      'director-model',
      `Another row of "${input.model}" has the same value in a unique field (${[error.meta?.target ?? 'unknown'].flat().join(', ')}).`,
    )
  }
  return { ok: true, created: true }
}

const emailTaken = ({ email }) =>
  new Refusal('director-email-taken', `There is an account for ${email} already, with another password.`)

async function main() {
  const input = readInput()
  rememberSecrets(input)
  const { client, generated } = await openClient()
  try {
    const fields = readModel(client, generated, input.model)
    const table = client[input.model]
    if (!input.check) return await createAccount(table, fields, input, generated)
    return { ok: true, exists: (await findAccount(table, fields, input)) === 'same' }
  } finally {
    await Promise.race([
      client.$disconnect().catch(() => {}),
      new Promise(done => {
        setTimeout(done, disconnectLimit)
      }),
    ])
  }
}

// Standard output is ours alone: what the client or its packages say goes to standard error.
process.stdout.write = process.stderr.write.bind(process.stderr)
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
setTimeout(() => fail(new Refusal('director-timeout', `The database did not answer within ${limit / 1000} s.`)), limit)
main().then(finish, fail)
