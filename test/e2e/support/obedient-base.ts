/**
 * The sample application, obedient: while a test holds a creation, the push of its schema waits, so that it can be met
 * in its middle for as long as one likes. Names that begin with `slow-push` wait in PostgreSQL instead (quick-base.ts).
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSample } from '../../../src/main/workspace/sample'
import { manifestSchema } from '../../../src/shared/workspace'
import { makeQuick } from '../../support/quick-base'
import { resources } from '../../support/workspace'

/** What a creation that is held prints when it waits. */
export const waiting = 'Applying the schema to the new database …'

const push = String.raw`
const { existsSync } = require('node:fs')
const { basename, dirname, join } = require('node:path')
const folder = dirname(process.cwd())
const order = kind => existsSync(join(dirname(dirname(folder)), kind + '-' + basename(folder)))
console.log('${waiting}')
const timer = setInterval(() => {
  if (order('hold')) return
  clearInterval(timer)
  if (!order('fail')) return require('./push.cjs')
  console.error('Error: the relation "classes" has no column "teacher_id"')
  process.exit(1)
}, 50)
`

export async function makeObedientBase(root: string): Promise<void> {
  await createSample(join(resources, 'sample-app'), root)
  await makeQuick(root)
  await writeFile(join(root, 'server', 'push-schema.cjs'), push)
  const manifest = join(root, 'instance-manager.json')
  const quick = JSON.parse(await readFile(manifest, 'utf8')) as { server: object }
  await writeFile(
    manifest,
    JSON.stringify(
      manifestSchema.parse({ ...quick, server: { ...quick.server, push: ['node', 'push-schema.cjs'] } }),
      undefined,
      2,
    ),
  )
}

/** The creation of this name will wait in its middle. Call before it gets there. */
export const hold = (root: string, name: string): Promise<void> => writeFile(join(root, `hold-${name}`), '')
/** It goes on. */
export const release = (root: string, name: string): Promise<void> => rm(join(root, `hold-${name}`))
/** The push of its schema will fail. */
export const letFail = (root: string, name: string): Promise<void> => writeFile(join(root, `fail-${name}`), '')
