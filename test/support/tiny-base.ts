/**
 * A base application without packages: a server of a few lines, a one-page client, and a Prisma client that its own
 * `generate` writes and that stores nothing. Its instances take a second to create, so a test can afford many.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The instance's name determines the server's behaviour: `deaf…` runs but doesn't listen, `mortal…` exits at once,
 * `stubborn…` ignores SIGINT.
 */
const index = String.raw`
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const env = Object.fromEntries(readFileSync(join(__dirname, '.env'), 'utf8').split('\n').filter(it => it.includes('='))
  .map(it => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1).replace(/^"(.*)"$/, '$1')]))
const name = env.INSTANCE_NAME
if (name.startsWith('mortal')) throw new Error('I cannot go on, ' + name)
if (name.startsWith('stubborn')) process.on('SIGINT', () => console.log('not yet'))
if (name.startsWith('deaf')) setInterval(() => undefined, 1000)
else require('node:http').createServer((request, response) => response.end(name + ' ' + (env.GREETING ?? ''))).listen(Number(env.PORT), '127.0.0.1', () => console.log('listening'))
`

const generate = String.raw`
const { mkdirSync, writeFileSync } = require('node:fs')
mkdirSync('node_modules/@prisma/client', { recursive: true })
writeFileSync('node_modules/@prisma/client/index.js', ${'`'}
  const fields = ['email', 'password', 'name'].map(name => ({ name, kind: 'scalar', type: 'String' }))
  exports.Prisma = { dmmf: { datamodel: { models: [{ name: 'User', fields }] } } }
  exports.PrismaClient = class {
    user = { findFirst: async () => null, create: async () => ({}) }
    async $disconnect() {}
  }
${'`'})
`

/** Writes its server/ and client/, overwriting existing files. */
export async function makeTiny(root: string): Promise<void> {
  const [server, client] = [join(root, 'server'), join(root, 'client')]
  await Promise.all([server, client].map(it => rm(it, { recursive: true, force: true })))
  await mkdir(join(server, 'prisma'), { recursive: true })
  await mkdir(join(client, 'build'), { recursive: true })
  await Promise.all(
    Object.entries({
      'server/index.js': index,
      'server/generate.cjs': generate,
      'server/package.json': '{"name":"tiny","version":"1.0.0"}',
      'server/prisma/schema.prisma': 'generator client {\n  provider = "prisma-client-js"\n}\n',
      'client/package.json': '{"name":"tiny-client","version":"1.0.0"}',
      'client/make.cjs': 'require("node:fs").cpSync("index.html", "build/index.html")',
      'client/index.html': '<h1>tiny</h1>',
      'instance-manager.json': JSON.stringify({
        server: { bootSeconds: 20, install: ['true'], generate: ['node', 'generate.cjs'], push: ['true'] },
        client: { install: ['true'], build: ['node', 'make.cjs'] },
        smoke: [{ url: '/' }], // what it serves there isn't its client
      }),
    }).map(([path, text]) => writeFile(join(root, path), text)),
  )
}
