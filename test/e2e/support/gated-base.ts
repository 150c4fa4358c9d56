/**
 * The sample application with a gate: the push of its schema waits for the test's word, so that a creation can be met in its
 * middle for as long as one likes. It behaves by the instance's name: `gated…` waits for a file, `slow-push…` waits in PostgreSQL.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSample } from '../../../src/main/workspace/sample'
import { manifestSchema } from '../../../src/shared/workspace'
import { makeQuick } from '../../support/quick-base'
import { resources } from '../../support/workspace'

/** What a gated creation prints when it has come to the gate. */
export const atTheGate = 'waiting at the gate'

const gate = String.raw`
const { existsSync } = require('node:fs')
const { basename, dirname, join } = require('node:path')
const folder = dirname(process.cwd())
const name = basename(folder)
const open = join(dirname(dirname(folder)), 'open-' + name)
const goOn = () => require('./push.cjs')
if (!name.startsWith('gated')) goOn()
else {
  console.log('${atTheGate}')
  const timer = setInterval(() => { if (existsSync(open)) { clearInterval(timer); goOn() } }, 50)
}
`

export async function makeGatedBase(root: string): Promise<void> {
  await createSample(join(resources, 'sample-app'), root)
  await makeQuick(root)
  await writeFile(join(root, 'server', 'gate.cjs'), gate)
  const manifest = join(root, 'instance-manager.json')
  const quick = JSON.parse(await readFile(manifest, 'utf8')) as { server: object }
  await writeFile(manifest, JSON.stringify(manifestSchema.parse({ ...quick, server: { ...quick.server, push: ['node', 'gate.cjs'] } }), undefined, 2))
}

/** Lets a gated creation go on. */
export const openGate = (root: string, name: string): Promise<void> => writeFile(join(root, `open-${name}`), '')
