'use strict'
/**
 * Creates, lists and changes directors' accounts through an instance's own Prisma client. Run by a plain Node in the
 * instance's server folder, with DATABASE_URL in the environment. It imports nothing from Instance Manager.
 *
 * Standard input, one JSON object: { action, model, … }, where model is the client's property, e.g. `user`:
 *   add: { email, passwordHash, name, role?, status? }
 *   find: { email, passwordHash? }
 *   list: { role? }
 *   change, has-changed: { account, role?, email?, passwordHash?, name? }, where `account` is its current email
 * Standard output, one JSON line; the exit code is 0 if `ok`, else 1:
 *   { ok: true, created: boolean }   add; false: this very account already exists (repeated after a crash)
 *   { ok: true, exists: boolean }    find: an account has this email, and this passwordHash if one was given
 *   { ok: true, accounts: [{ email, name }] | null }   list: at most 100; null: the model has no role to find them by
 *   { ok: true, changed: boolean }   change: always true; has-changed: whether the account has all of this
 *   { ok: false, code, message }     code: director-input, director-client, director-model, director-email-taken,
 *   director-unknown, director-database, director-timeout
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

/** What each action needs on standard input. */
const needs = {
  add: ['email', 'name', 'passwordHash'],
  find: ['email'],
  list: [],
  change: ['account'],
  'has-changed': ['account'],
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
  const missing = ['model', ...(needs[input?.action] ?? ['action'])].filter(key => !isText(key))
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
  for (const meaning of ['email', 'password']) if (!fields[meaning]) throw noField(model, meaning)
  return fields
}

const noField = (model, meaning) =>
  new Refusal(
    'director-model',
    `The model "${model}" has no field for the ${meaning}: one of ${fieldNames[meaning].join(', ')} is needed.`,
  )

/** The values to write: of those given, the ones that the model has fields for. */
function accountData(fields, { email, passwordHash, name, role, status }, generated) {
  const values = { email, password: passwordHash, role, status, ...namesOf(name) }
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([meaning]) => values[meaning] !== undefined)
      .map(([meaning, field]) => [field.name, fieldValue(field, values[meaning], generated)]),
  )
}

function namesOf(name) {
  if (name === undefined) return {}
  const words = name.trim().split(/\s+/)
  const lastName = words.length > 1 ? words.pop() : ''
  return { name, firstName: words.join(' '), lastName }
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
    throw await notUnique(error, table, fields, input)
  }
  return { ok: true, created: true }
}

/** If a unique field refused: the email, if someone else was faster, or one that we know nothing of. */
async function notUnique(error, table, fields, input) {
  if (error?.code !== 'P2002') return error
  if (await findAccount(table, fields, { email: input.email })) return emailTaken(input)
  return new Refusal(
    'director-model',
    `Another row of "${input.model}" has the same value in a unique field (${[error.meta?.target ?? 'unknown'].flat().join(', ')}).`,
  )
}

const emailTaken = ({ email }) => new Refusal('director-email-taken', `There is already an account for ${email}.`)

/** Selects the accounts that have the director's role, if the model has roles. */
const withRole = (fields, { role }, generated) =>
  fields.role && role !== undefined ? { [fields.role.name]: fieldValue(fields.role, role, generated) } : undefined

async function listAccounts(table, fields, input, generated) {
  const where = withRole(fields, input, generated)
  if (!where) return { ok: true, accounts: null }
  const names = ['name', 'firstName', 'lastName'].map(it => fields[it]?.name).filter(Boolean)
  const rows = await table.findMany({
    where,
    select: Object.fromEntries([fields.email.name, ...names].map(it => [it, true])),
    orderBy: { [fields.email.name]: 'asc' },
    take: 100,
  })
  const nameOf = row =>
    (fields.name ? [fields.name.name] : names)
      .map(it => row[it])
      .filter(Boolean)
      .join(' ')
  return { ok: true, accounts: rows.map(row => ({ email: row[fields.email.name], name: nameOf(row) })) }
}

/** What is written. Roles and statuses stay as they are. */
const changesOf = (fields, { email, passwordHash, name }, generated) =>
  accountData(fields, { email, passwordHash, name }, generated)

/** One statement, so it is done or not done. After a crash, it may be repeated. */
async function changeAccount(table, fields, input, generated) {
  if (input.name !== undefined && !fields.name && !fields.firstName && !fields.lastName)
    throw noField(input.model, 'name')
  if (await isChanged(table, fields, input, generated)) return { ok: true, changed: true }
  const data = changesOf(fields, input, generated)
  if (input.email && input.email !== input.account && (await findAccount(table, fields, { email: input.email })))
    throw emailTaken(input)
  try {
    const where = { ...withRole(fields, input, generated), [fields.email.name]: input.account }
    const { count } = await table.updateMany({ where, data })
    if (count > 0) return { ok: true, changed: true }
  } catch (error) {
    throw await notUnique(error, table, fields, input)
  }
  throw new Refusal('director-unknown', `No director has the email address ${input.account}.`)
}

/** While there is an account with the old address, one with the new address is somebody else's. */
async function isChanged(table, fields, input, generated) {
  const [email, director] = [fields.email.name, withRole(fields, input, generated)]
  const exists = async more =>
    (await table.findFirst({ where: { ...director, ...more }, select: { [email]: true } })) !== null
  const old = { [email]: input.account }
  if (input.email && input.email !== input.account && (await exists(old))) return false
  return exists({ ...old, ...changesOf(fields, input, generated) })
}

async function main() {
  const input = readInput()
  rememberSecrets(input)
  const { client, generated } = await openClient()
  try {
    const fields = readModel(client, generated, input.model)
    const table = client[input.model]
    switch (input.action) {
      case 'add':
        return await createAccount(table, fields, input, generated)
      case 'find':
        return { ok: true, exists: (await findAccount(table, fields, input)) === 'same' }
      case 'list':
        return await listAccounts(table, fields, input, generated)
      case 'change':
        return await changeAccount(table, fields, input, generated)
      default:
        return { ok: true, changed: await isChanged(table, fields, input, generated) }
    }
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
