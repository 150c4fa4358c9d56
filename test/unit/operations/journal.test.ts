import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Journal, newId, type OpenedLine } from '../../../src/main/operations/journal'
import { encode, startOf } from '../../../src/main/operations/journal-lines'
import type { Entry, JournalLine } from '../../../src/shared/operation'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'))
})
afterEach(() => rm(folder, { recursive: true }))

const at = '2026-01-02T03:04:05.678Z'
const id = '20260102T030405678Z-0123abcd'
const opened: OpenedLine = {
  id,
  at,
  type: 'opened',
  kind: 'make',
  version: 1,
  subject: 'ünïcode',
  plan: { name: 'a"b\n' },
  steps: ['one', 'two'],
}
const line = (entry: Entry): JournalLine => ({ id, at, ...entry })
const path = () => join(folder, `${id}.jsonl`)
/** As journals of 0.1 were. */
const plain = (...entries: Entry[]) => entries.map(it => `${JSON.stringify(line(it))}\n`).join('')
const text = (...entries: Entry[]) => {
  let end = startOf(id)
  return entries
    .map(it => {
      const encoded = encode(line(it), end)
      end = encoded.end
      return encoded.data.toString()
    })
    .join('')
}
/** The last of these lines. */
const lastOf = (...entries: Entry[]) => text(...entries).slice(text(...entries.slice(0, -1)).length)
const write = (...content: (string | Buffer)[]) => writeFile(path(), Buffer.concat(content.map(it => Buffer.from(it))))
const doing = { type: 'doing', step: 'one' } as const
const done = { type: 'done', step: 'one' } as const

async function readable() {
  const reading = await Journal.read(folder, id)
  if (!reading || reading.problem) throw new Error(`not readable: ${JSON.stringify(reading)}`)
  return reading
}

describe('a journal', () => {
  it('is private, and read as it was written', async () => {
    const journal = await Journal.create(folder, opened)
    for (const it of [doing, done]) await journal.append(line(it))
    expect(await readFile(path(), 'utf8')).toBe(text(opened, doing, done))
    expect((await stat(path())).mode & 0o777).toBe(0o600)
    expect(await readable()).toMatchObject({
      opened,
      state: { phase: 'running', subject: 'ünïcode', steps: [{ status: 'done' }, { status: 'waiting' }] },
    })
  })

  it('is on disk before it counts: the file and, when it is new, its folder', async () => {
    const file = await open(folder)
    const sync = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'sync')
    await file.close()
    try {
      const journal = await Journal.create(folder, opened)
      expect(sync).toHaveBeenCalledTimes(2)
      await journal.append(line(doing))
      expect(sync).toHaveBeenCalledTimes(3)
      sync.mockRejectedValueOnce(new Error('EIO: input/output error'))
      await expect(journal.append(line(done))).rejects.toMatchObject({
        problem: { code: 'journal-write-failed', cause: 'EIO: input/output error' },
      })
      await journal.append(line(done))
    } finally {
      sync.mockRestore()
    }
    expect(await readFile(path(), 'utf8')).toBe(text(opened, doing, done))
  })

  it('is never made over another', async () => {
    await Journal.create(folder, opened)
    await expect(Journal.create(folder, opened)).rejects.toMatchObject({ problem: { code: 'journal-write-failed' } })
    expect(await readFile(path(), 'utf8')).toBe(text(opened))
  })

  it('that was deleted since the folder was read is none', async () => {
    expect(await Journal.read(folder, id)).toBeUndefined()
  })

  it('that is gone is not begun anew in the middle', async () => {
    const journal = await Journal.create(folder, opened)
    await rm(path())
    await expect(journal.append(line(doing))).rejects.toMatchObject({
      problem: { code: 'journal-write-failed', action: 'retry' },
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('cuts off what an append that failed half-way left', async () => {
    const journal = await Journal.create(folder, opened)
    await appendFile(path(), '{"id":"202')
    await journal.append(line(doing))
    expect(await readFile(path(), 'utf8')).toBe(text(opened, doing))
  })

  it('has an identifier that sorts by time', () => {
    const ids = [new Date(0), new Date(1), new Date('2026-11-23T12:00:00.000Z')].map(newId)
    expect(ids.toSorted()).toEqual(ids)
    expect(ids[2]).toMatch(/^20261123T120000000Z-[0-9a-f]{8}$/)
  })
})

describe('a torn last line', () => {
  const whole = text(opened, doing)
  it.each([
    ['a part', lastOf(opened, doing, done).slice(0, 20)],
    ['all but the newline', lastOf(opened, doing, done).trimEnd()],
    ['all but the newline, which is zero', lastOf(opened, doing, done).replace('\n', '\0')],
    ['a part of a character', Buffer.from('"ü').subarray(0, 2)],
    ['zeros', '\0'.repeat(30)],
    ['zeros and a newline', `${'\0'.repeat(30)}\n`],
    ['a part, zeros and a newline', `{"id":"2026${'\0'.repeat(30)}"}\n`],
  ])('does not count, and is gone before the next: %s', async (_, torn) => {
    await write(whole, torn)
    const { journal, state } = await readable()
    expect(state.steps[0]?.status).toBe('doing')
    await journal.append(line(done))
    expect(await readFile(path(), 'utf8')).toBe(text(opened, doing, done))
  })

  it.each([
    ['empty', ''],
    ['a part', text(opened).slice(0, 30)],
    ['all but the newline', text(opened).trimEnd()],
  ])('that is the first: nothing was done (%s)', async (_, torn) => {
    await write(torn)
    expect(await Journal.read(folder, id)).toBeUndefined()
    expect(await readdir(folder)).toHaveLength(1) // the engine deletes it, if it has the lock
  })
})

describe('a corrupt journal is refused and left alone', () => {
  it.each([
    ['rubbish in the middle', [plain(opened), 'rubbish\n', plain(doing)]],
    ['rubbish as the first line', ['rubbish\n']],
    ['two torn lines', [text(opened), 'rubbish\n', 'rub']],
    ['rubbish as the last line', [text(opened, doing), '{"id":\n']],
    ['a last line that was changed', [text(opened, doing, done).replace(/1(?=[^\n]*\n$)/, '2')]],
    ['a last line without its check sum', [text(opened, doing), plain(done)]],
    ['a line with a check sum in a journal without', [plain(opened), lastOf(opened, doing)]],
    ['a line dropped', [text(opened), lastOf(opened, doing, done)]],
    ['two lines exchanged', [text(opened), lastOf(opened, doing, done), lastOf(opened, doing)]],
    ['a damaged newline', [text(opened, doing).replace('\n', '\v')]],
    ['a damaged newline at the end', [text(opened, doing).replace(/\n$/, '\v')]],
    ['a damaged newline of the only line', [text(opened).replace('\n', '*')]],
    ['a damaged tab', [text(opened).replace('\t', ' ')]],
    ['an empty line in the middle', [plain(opened), '\n', plain(doing)]],
    ['bytes that are no text', [text(opened), Buffer.from([0x22, 0xff, 0x22, 0x0a]), plain(doing)]],
    ['a line of no known type', [plain(opened), `${JSON.stringify({ id, at, type: 'paused' })}\n`]],
    ['a line without its time', [plain(opened), `${JSON.stringify({ id, ...doing })}\n`]],
    ['a line of another operation', [plain(opened), plain(doing).replace(id, id.replace('0123', '9999'))]],
    ['no opening', [text(doing)]],
    ['two openings', [text(opened, opened)]],
    ['a step that is not its own', [text(opened, { type: 'doing', step: 'three' })]],
    ['a step before its turn', [text(opened, { type: 'doing', step: 'two' })]],
    ['done without doing', [text(opened, done)]],
    ['done twice', [text(opened, doing, done, done)]],
    ['undone without a turn', [text(opened, doing, { type: 'undone', step: 'one' })]],
    ['turned twice', [text(opened, { type: 'turned', reason: 'asked' }, { type: 'turned', reason: 'asked' })]],
    [
      'undone oldest first',
      [
        text(
          opened,
          doing,
          done,
          { type: 'doing', step: 'two' },
          { type: 'turned', reason: 'asked' },
          { type: 'undone', step: 'one' },
        ),
      ],
    ],
    ['doing after a turn', [text(opened, doing, { type: 'turned', reason: 'asked' }, doing)]],
    ['settled too early', [text(opened, doing, done, { type: 'settled', outcome: 'succeeded' })]],
    [
      'settled with steps to undo',
      [text(opened, doing, { type: 'turned', reason: 'asked' }, { type: 'settled', outcome: 'rolled-back' })],
    ],
    [
      'settled otherwise than it ended',
      [text(opened, { type: 'turned', reason: 'asked' }, { type: 'settled', outcome: 'succeeded' })],
    ],
    [
      'more after the end',
      [text(opened, { type: 'turned', reason: 'asked' }, { type: 'settled', outcome: 'rolled-back' }, doing)],
    ],
  ])('%s', async (_, content) => {
    await write(...content)
    const before = await readFile(path())
    expect(await Journal.read(folder, id)).toMatchObject({ id, problem: { code: 'journal-corrupt' } })
    expect(await readFile(path())).toEqual(before)
  })

  it('a file with a name that is no identifier', async () => {
    await writeFile(join(folder, 'notes.jsonl'), text(opened))
    expect(await Journal.read(folder, 'notes')).toMatchObject({ problem: { code: 'journal-corrupt' } })
    expect(await Journal.read(folder, '../notes')).toMatchObject({ problem: { code: 'journal-corrupt' } })
  })

  it('one that is larger than any can be, or no regular file, without reading on', async () => {
    await writeFile(path(), '')
    await truncate(path(), 5e9) // takes no room
    expect(await Journal.read(folder, id)).toMatchObject({
      problem: { code: 'journal-corrupt', cause: 'It is larger than 16 MB.' },
    })
    await rm(path())
    execFileSync('mkfifo', [path()])
    expect(await Journal.read(folder, id)).toMatchObject({
      problem: { code: 'journal-corrupt', cause: 'It isn’t a regular file.' },
    })
  })

  it('one that cannot be read at all', async () => {
    await symlink(path(), path())
    expect(await Journal.read(folder, id)).toMatchObject({ problem: { code: 'unexpected' } })
  })
})

describe('a journal of 0.1, which has no check sums', () => {
  it('is read, and goes on without them', async () => {
    await write(plain(opened, doing))
    const { journal, state } = await readable()
    expect(state.steps[0]?.status).toBe('doing')
    await journal.append(line(done))
    expect(await readFile(path(), 'utf8')).toBe(plain(opened, doing, done))
  })

  it.each([
    ['a part', plain(done).slice(0, 20)],
    ['all but the newline', plain(done).trimEnd()],
    ['zeros and a newline', `${'\0'.repeat(30)}\n`],
  ])('may have a torn last line: %s', async (_, torn) => {
    await write(plain(opened, doing), torn)
    expect((await readable()).state.steps[0]?.status).toBe('doing')
  })
})

describe('at a glance', () => {
  const settled = { type: 'settled', outcome: 'succeeded' } as const
  const glance = () => Journal.glance(folder, id)

  it.each([
    ['a settled journal', text],
    ['one of 0.1', plain],
  ])('%s says its kind and when it settled; one that has not settled says nothing', async (_, form) => {
    await write(form(opened, doing, done, settled))
    expect(await glance()).toEqual({ kind: 'make', settledAt: at })
    for (const entries of [[opened], [opened, doing], [opened, doing, done]]) {
      await write(form(...entries))
      expect(await glance()).toBeUndefined()
    }
  })

  it('says nothing of one that is refused since only some lines have a check sum', async () => {
    for (const mixed of [
      text(opened, doing, done) + plain(settled),
      plain(opened, doing, done) + lastOf(opened, doing, done, settled),
    ]) {
      await write(mixed)
      expect(await Journal.read(folder, id)).toMatchObject({ problem: { code: 'journal-corrupt' } })
      expect(await glance()).toBeUndefined()
    }
  })

  it('says nothing where the last line is torn or any bit of it is flipped, nor of an empty or a missing file', async () => {
    const whole = Buffer.from(text(opened, doing, done, settled))
    const last = lastOf(opened, doing, done, settled).length
    for (let cut = 1; cut <= last; cut++) {
      await write(whole.subarray(0, -cut))
      expect(await glance()).toBeUndefined()
    }
    for (let place = whole.length - last; place < whole.length; place++) {
      const flipped = Buffer.from(whole)
      flipped[place] = (flipped[place] ?? 0) ^ 1
      await write(flipped)
      expect(await glance()).toBeUndefined()
    }
    await write('')
    expect(await glance()).toBeUndefined()
    await rm(path())
    expect(await glance()).toBeUndefined()
  })
})
