/**
 * The cost of a long history: a workspace with journals of 5,000 settled operations, read on opening, and how much of
 * them is pushed to each window.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '../../src/main/operations/journal'
import { encode, startOf } from '../../src/main/operations/journal-lines'
import type { Entry } from '../../src/shared/operation'
import { memorySecrets } from '../support/memory-secrets'
import type { Bench } from './bench'
import { engineOf } from '../support/engine'

const count = 5000
const kinds = ['create', 'start', 'stop', 'restart', 'delete']
const steps = ['one', 'two', 'three', 'four', 'five']

const bench: Bench = {
  name: 'history',
  async run({ runs, say }) {
    const [opening, pushed] = [[] as number[], [] as number[]]
    for (let run = 0; run < runs; run++) {
      const folder = await mkdtemp(join(tmpdir(), 'im-history-'))
      try {
        say(`run ${run + 1}: writing the journals`)
        for (let made = 0; made < count; made++) await write(folder, made)
        const operations = engineOf({ folder, operations: [], secrets: memorySecrets() })
        const start = performance.now()
        await operations.open()
        opening.push(performance.now() - start)
        const { value } = await operations.watch(new AbortController().signal).next()
        pushed.push(JSON.stringify(value).length / 1000)
        await operations.close()
      } finally {
        await rm(folder, { recursive: true })
      }
    }
    return [
      { name: `opening with ${count} settled operations`, unit: 'ms', values: opening, goal: '<= 1000' },
      { name: 'pushed to each window', unit: 'kB', values: pushed, goal: '<= 1000' },
    ]
  },
}
export default bench

async function write(folder: string, index: number): Promise<void> {
  const time = new Date(Date.UTC(2026, 0, 1) + index * 60_000)
  const id = newId(time)
  const target = {
    name: 'springfield',
    port: 5001,
    cwd: '/srv/schools/instances/springfield/server',
    script: '/srv/schools/instances/springfield/server/dist/index.js',
  }
  const entries: Entry[] = [
    {
      type: 'opened',
      kind: kinds[index % kinds.length] ?? '',
      version: 2,
      subject: 'springfield',
      plan: { target, wanted: true },
      steps,
      claims: [{ on: 'instance/springfield', how: 'own' }],
    },
    ...steps.flatMap((step): Entry[] => [
      { type: 'doing', step },
      { type: 'done', step },
    ]),
    { type: 'settled', outcome: 'succeeded' },
  ]
  let end = startOf(id)
  const lines = entries.map(entry => {
    const encoded = encode({ id, at: time.toISOString(), ...entry }, end)
    end = encoded.end
    return encoded.data
  })
  await writeFile(join(folder, `${id}.jsonl`), Buffer.concat(lines))
}
