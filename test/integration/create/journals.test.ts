/** The journals of real jobs: damaged or changed, they are refused and left alone, and the world stays as it is. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../../src/main/operations/journal'
import { decode, encode, startOf, type OpenedLine } from '../../../src/main/operations/journal-lines'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { makeQuick } from '../../support/quick-base'
import { mustSucceed, testWorkspace, type TestWorkspace } from '../../support/workspace'
import { world } from '../../support/world'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
let folder: string
/** By kind: the identifier and the bytes of the journal that a real job left. */
const journals = new Map<string, { readonly id: string; readonly data: Buffer }>()

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeQuick, prepared: 'quick' })
  await workspace.open()
  folder = workspacePaths(workspace.root).operations
  const run = async (kind: string, input?: object): Promise<void> => {
    const { operations } = workspace.services
    const { id } = mustSucceed(await operations.settled(await operations.start(kind, input)))
    journals.set(kind, { id, data: await readFile(join(folder, `${id}.jsonl`)) })
  }
  await run('infrastructure-start')
  for (const name of ['school', 'other']) {
    const { id } = mustSucceed(await workspace.create({ name }))
    journals.set('create', { id, data: await readFile(join(folder, `${id}.jsonl`)) })
  }
  await run('change-port', { name: 'other', port: await freePort() })
  await run('restart', { name: 'other' })
  await run('stop', { name: 'other' })
  await run('start', { name: 'other' })
  await run('delete', { name: 'other', confirm: 'DELETE' })
  const stop = decode(journalOf('stop').id, journalOf('stop').data)
  if (!stop || stop.problem) throw new Error('the journal of stop is not readable')
  for (const [kind, ...steps] of [
    ['isolate', 'stop-process', 'create-user', 'give-files', 'start-process'],
    ['unisolate', 'stop-process', 'take-files', 'start-process', 'remove-user'],
  ] as const) {
    const id = newId(new Date()) // as that job would write it; to run it takes root
    journals.set(kind, {
      id,
      data: encode(
        { ...stop.opened, id, kind, steps, plan: { ...(stop.opened.plan as object), ran: false, before: {} } },
        startOf(id),
      ).data,
    })
  }
})
afterAll(() => workspace.remove())

const journalOf = (kind: string): { id: string; data: Buffer } => {
  const found = journals.get(kind)
  if (!found) throw new Error(`no ${kind} was run`)
  return found
}
/** As a crash before the last entry would have left it. */
const unsettled = (data: Buffer): Buffer => data.subarray(0, data.lastIndexOf('\n', data.length - 2) + 1)

it.each(['create', 'change-port', 'delete'])(
  'no flipped bit in the journal of a %s is obeyed, settled or open: it is refused, or says the very same',
  kind => {
    const { id, data } = journalOf(kind)
    for (const whole of [data, unsettled(data)]) {
      expect(decode(id, whole)).toMatchObject({ state: { kind } })
      expect(obeyedFlips(id, whole)).toEqual([])
    }
  },
)

it('without its check sums, as those of 0.1, the same journal obeys many', () => {
  const { id, data } = journalOf('delete')
  const plain = Buffer.from(data.toString().replaceAll(/\t[0-9a-f]{16}$/gm, ''))
  expect(decode(id, plain)).toMatchObject({ state: { kind: 'delete', phase: 'succeeded' } })
  expect(obeyedFlips(id, plain).length).toBeGreaterThan(plain.length) // about one in eight
})

/** The flips after which the journal is neither refused nor says the very same. */
function obeyedFlips(id: string, whole: Buffer): string[] {
  const said = decode(id, whole)
  const obeyed: string[] = []
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const found = decode(id, flipped)
    if (found?.problem?.code !== 'journal-corrupt' && !isDeepStrictEqual(found, said))
      obeyed.push(`bit ${bit & 7} of byte ${bit >> 3}`)
  }
  return obeyed
}

it('a plan that is not what follows from the name is refused, of every job, however whole its journal', async () => {
  const elsewhere = join(workspace.root, 'instances', 'school')
  const target = {
    name: 'other',
    port: 5001,
    cwd: join(elsewhere, 'server'),
    script: join(elsewhere, 'server/index.js'),
  }
  const wrong: [kind: string, plan: object, subject?: string][] = [
    ['create', { database: 'school_db' }],
    ['create', { role: 'school_user' }],
    ['create', { url: 'http://127.0.0.1:1/' }],
    ['create', {}, 'school'],
    ['create', { fingerprint: '../../../instances' }],
    ['create', { heldby: 'a key that no plan has' }],
    ...['start', 'stop', 'restart', 'change-port', 'delete', 'isolate', 'unisolate'].flatMap((kind): typeof wrong => [
      [kind, { target }],
      [kind, {}, 'school'],
      [kind, { ...(kind === 'change-port' ? { before: target } : {}), target: { ...target, name: '../school' } }],
    ]),
    ['start', { stopFirst: [target] }],
    ['change-port', { before: target }],
    ['change-port', { port: 5002 }],
    ['delete', { folder: elsewhere }],
    ['delete', { folder: '/' }],
    ['delete', { database: 'school_db' }],
    ['delete', { role: 'school_user' }],
    ['infrastructure-start', {}, 'school'],
  ]
  const before = await world(workspace)
  await workspace.close()
  const written = await Promise.all(
    wrong.map(async ([kind, plan, subject], index) => {
      const original = decode(journalOf(kind).id, journalOf(kind).data)
      if (!original || original.problem) throw new Error(`the journal of ${kind} is not readable`)
      const id = newId(new Date(Date.now() + index))
      const opened: OpenedLine = {
        ...original.opened,
        id,
        plan: { ...(original.opened.plan as object), ...plan },
        subject: subject ?? original.opened.subject,
      }
      const { data } = encode(opened, startOf(id))
      await writeFile(join(folder, `${id}.jsonl`), data)
      return { id, data, what: JSON.stringify([kind, plan, subject]) }
    }),
  )
  await workspace.open()
  const refused = new Map(workspace.services.operations.unreadable().map(it => [it.id, it.problem]))
  for (const { id, what } of written)
    expect({ what, problem: refused.get(id) }).toMatchObject({ what, problem: { code: 'journal-corrupt' } })
  expect(refused.get(written[0]?.id ?? '')?.cause).toContain('database is "school_db" and should be "other_db"')
  expect(workspace.services.operations.running()).toBe(false)
  for (const { id, data } of written) {
    expect(await readFile(join(folder, `${id}.jsonl`))).toEqual(data)
    await rm(join(folder, `${id}.jsonl`))
  }
  expect(await world(workspace)).toEqual(before)
  expect(await readdir(join(workspace.root, 'instances'))).toContain('school')
})

it('while a journal is refused, nothing in the trash is freed or counted as free: it may be to be brought back', async () => {
  const { id, data } = journalOf('delete')
  await workspace.close()
  const journal = join(folder, `${id}.jsonl`)
  await writeFile(journal, unsettled(data).toString().replace('"delete"', '"delete_"'))
  const instances = join(workspace.root, 'instances')
  const { plan } = JSON.parse(data.toString().split('\t')[0] ?? '') as { plan: { token: string } }
  const thrownAway = `.trash-${plan.token}`
  await mkdir(join(instances, thrownAway))
  await writeFile(join(instances, thrownAway, 'file'), Buffer.alloc(5000))
  for (let start = 0; start < 2; start++) {
    await workspace.open()
    const { operations, space } = workspace.services
    expect(operations.unreadable().map(it => it.id)).toEqual([id])
    expect((await space.report()).freeable).toContainEqual({ what: 'trash', count: 0, bytes: 0 })
    await space.free(['trash'])
    // what settles empties it too
    mustSucceed(await operations.settled(await operations.start('restart', { name: 'school' })))
    expect(await readdir(instances)).toContain(thrownAway)
    await workspace.close()
  }
  await rm(journal)
  await workspace.open() // nobody knows whose it is: it is freed on the operator's word only
  expect(await readdir(instances)).toContain(thrownAway)
  expect((await workspace.services.space.report()).freeable).toContainEqual({
    what: 'trash',
    count: 1,
    bytes: expect.any(Number) as number,
  })
  await workspace.services.space.free(['trash'])
  expect(await readdir(instances)).not.toContain(thrownAway)
})
