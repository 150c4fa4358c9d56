/** Commands at once, without a server: one runs the engine, the others join it, and whoever is left goes on. */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InstanceList } from '../../../src/shared/instance'
import type { OperationState } from '../../../src/shared/operation'
import { makeTiny } from '../../support/tiny-base'
import { cliHome, type CliHome, type Running } from './cli'

const director = '--director-name Ada --director-email ada@school.example --generate-password'

/** The push of an instance `slow…` takes until the test says so. */
const push = `
const { existsSync } = require('node:fs')
const { basename, dirname, join } = require('node:path')
const name = basename(dirname(process.cwd()))
if (name.startsWith('slow')) setInterval(() => { if (existsSync(join(process.cwd(), '../../..', 'go-' + name))) process.exit(0) }, 50)
`

let home: CliHome
beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
  await makeTiny(home.root)
  const manifest = join(home.root, 'instance-manager.json')
  const { server, ...rest } = JSON.parse(await readFile(manifest, 'utf8')) as { server: object }
  await writeFile(join(home.root, 'server/push.cjs'), push)
  await writeFile(manifest, JSON.stringify({ ...rest, server: { ...server, push: ['node', 'push.cjs'] } }))
  await home.must('infra up')
  await home.must(`create alone ${director}`)
})
afterAll(() => home.remove())

const begin = (args: string): Running => home.start(['--workspace', home.root, ...args.split(' ')])
const create = (name: string, more = ''): Running => begin(`--json${more} create ${name} ${director}`)
const go = (name: string): Promise<void> => writeFile(join(home.root, `go-${name}`), '')
const pushing = (text: string): boolean => text.includes('"type":"doing","step":"push-schema"')
const instances = async (): Promise<string[]> =>
  ((await home.run('list --json')).data as InstanceList).instances.map(it => it.name)
const operations = async (): Promise<readonly OperationState[]> =>
  ((await home.run('operations --json')).data as { operations: OperationState[] }).operations
const created = (name: string) => ({
  exit: 0,
  ok: true,
  data: {
    instance: { name, password: expect.stringMatching(/^\w{24}$/) as string },
    operation: { phase: 'succeeded' },
  },
})

it('five creations at once all succeed', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const ran = await Promise.all(names.map(it => create(it).ended))
  for (const [index, name] of names.entries()) expect(ran[index]).toMatchObject(created(name))
  expect(new Set(ran.map(it => (it.data as { instance: { port: number } }).instance.port)).size).toBe(5)
  expect(await instances()).toEqual(expect.arrayContaining(names))
})

it('several from a CSV file: created only if every row is right, moved to ports one after the other, deleted together', async () => {
  const rows = [
    'Name;Port;Director;E-mail',
    'csv-one;;Ada Lovelace;ada@one.example',
    'csv-two;;"Ada; L";ada@two.example',
  ]
  const fromCsv = (lines: readonly string[], more = '') =>
    home.run(`create-many - ${more}`, `\uFEFF${lines.join('\r\n')}`)
  const wrong = await fromCsv(
    [...rows, 'alone;80;;none'].map(it => it.replace('E-mail', 'Email')),
    '--json',
  )
  expect(wrong).toMatchObject({ exit: 4, problem: { code: 'rows-invalid' } })
  expect(wrong.problem?.details).toMatch(/^Row 3, alone: port: Not a port/)
  expect(await fromCsv(rows)).toMatchObject({ exit: 2 }) // “E-mail” isn't a column
  const right = rows.map(it => it.replace('E-mail', 'email'))
  const taken = await fromCsv([...right, 'ALONE;;Ada;ada@three.example'], '--dry-run')
  expect(taken).toMatchObject({ exit: 4 })
  expect(taken.err).toContain('Row 3, ALONE: name: There is already an instance “alone”.')
  expect(await instances()).not.toContain('csv-one')

  const made = await fromCsv(right)
  expect(made.exit).toBe(0)
  expect(made.out).toMatch(/NAME +ADDRESS +DIRECTOR +PASSWORD\ncsv-one +http:\S+ +ada@one\.example +\w{24}\ncsv-two/)
  const listed = (await home.run('list --csv')).out.split('\n')
  expect(listed[0]).toMatch(/^name,status,port,address,/)
  expect(listed.filter(it => it.startsWith('csv-'))).toHaveLength(2)
  expect((await home.run('space status')).out).toMatch(
    /Databases +\d.*\nInstances’ files +\d.*\nPrepared releases +\d.*\nLogs +\d.*\nMemory +\d.* available\nCPU +\d+ % of/,
  )

  const first = Number(/^csv-one,online,(\d+),/m.exec(listed.join('\n'))?.[1]) + 200
  const moved = await home.run(`ports ${first} csv-two csv-one`)
  expect(moved.out).toMatch(/^csv-two +http:\S+:(\d+)\ncsv-one +http:\S+:(\d+)\n$/)
  const [two, one] = [...moved.out.matchAll(/:(\d+)$/gm)].map(it => Number(it[1]))
  expect((await home.run('list --csv')).out).toMatch(
    new RegExp(`^csv-one,online,${one},[\\s\\S]*^csv-two,online,${two},`, 'm'),
  )
  expect(Number(one)).toBeGreaterThan(Number(two))

  expect(await home.run('delete csv-one csv-two --confirm csv-one')).toMatchObject({ exit: 2 })
  expect(await home.run('delete csv-one CSV-two --confirm "csv-one, csv-TWO"')).toMatchObject({ exit: 0 })
  expect(await instances()).not.toContain('csv-one')
})

it('tags and notes are kept in config.json, and shown', async () => {
  const labelled = await home.run(
    'label ALONE --tag Trial --tag "Year 9" --tag trial --notes "Ends in May." --favourite',
  )
  expect(labelled.out).toBe('Tags       Trial, Year 9\nFavourite  yes\nProtected  no\nNotes      Ends in May.\n')
  expect((await home.run('label alone --untag TRIAL --no-favourite --json')).data).toEqual({
    tags: ['Year 9'],
    notes: 'Ends in May.',
    favourite: false,
    protected: false,
  })
  expect(await home.run('label alone --tag <b>')).toMatchObject({ exit: 2 })
  await home.must('label alone --protect')
  expect(await home.run('stop alone --json')).toMatchObject({ exit: 4, problem: { code: 'instance-protected' } })
  expect(await home.run('stop alone --confirm alone')).toMatchObject({ exit: 0 })
  expect(await home.run('rename alone together --json')).toMatchObject({ problem: { code: 'instance-protected' } })
  expect(await home.run('rename ALONE together --confirm alone')).toMatchObject({
    exit: 0,
    out: '“alone” is now “together”\n',
  })
  expect((await home.run('rename together alone --confirm together --json')).data).toMatchObject({
    operation: { kind: 'rename', subject: 'together', phase: 'succeeded' },
  })
  await home.must('label alone --untag "year 9" --notes "" --no-protect')
  expect(await readFile(join(home.root, 'instances/alone/config.json'), 'utf8')).not.toContain('labels')
})

it('during a long creation others look, change and end; it serves those that take longer than itself', async () => {
  const first = create('slow1')
  await first.until(pushing)
  expect(await home.run('list')).toMatchObject({ exit: 0, out: expect.stringContaining('alone') as string, err: '' })
  expect(await home.run('stop alone --json')).toMatchObject({ exit: 0, ok: true })
  expect(await home.run('start alone --json')).toMatchObject({ exit: 0, ok: true })
  expect(await home.run('start nope --json')).toMatchObject({ exit: 4, problem: { code: 'instance-unknown' } })
  const second = create('slow2')
  await second.until(pushing)
  await go('slow1')
  await first.until(text => text.includes('Still working for other commands'))
  expect(first.child.exitCode).toBeNull()
  const third = create('third') // joins the one that only serves
  expect(await third.ended).toMatchObject(created('third'))
  await go('slow2')
  expect(await second.ended).toMatchObject(created('slow2'))
  expect(await first.ended).toMatchObject(created('slow1'))
})

it("Ctrl+C in the one that serves undoes its own work only; again, it leaves the others' to them", async () => {
  const first = create('slow3')
  await first.until(pushing)
  const second = create('slow4')
  await second.until(pushing)
  first.child.kill('SIGINT')
  await first.until(text => text.includes('Still working for other commands'))
  expect((await operations()).map(it => [it.subject, it.phase])).toEqual(
    expect.arrayContaining([
      ['slow3', 'rolled-back'],
      ['slow4', 'running'],
    ]),
  )
  first.child.kill('SIGINT')
  expect(await first.ended).toMatchObject({ exit: 1, problem: { code: 'cancelled' } })
  await second.until(text => text.includes('taking over'))
  await go('slow4')
  expect(await second.ended).toMatchObject(created('slow4'))
})

it('killed, it is taken over from by one of those that joined; all is finished', async () => {
  const first = create('slow5')
  await first.until(pushing)
  const others = ['slow6', 'slow7'].map(name => create(name))
  await Promise.all(others.map(it => it.until(pushing)))
  first.child.kill('SIGKILL')
  await first.ended
  await Promise.all(others.map(it => it.until(text => text.includes('taking over'))))
  await Promise.all(['slow5', 'slow6', 'slow7'].map(go))
  const [sixth, seventh] = await Promise.all(others.map(it => it.ended))
  expect(sixth).toMatchObject(created('slow6'))
  expect(seventh).toMatchObject(created('slow7'))
  expect((await operations()).filter(it => it.settledAt === undefined)).toEqual([])
  expect(await instances()).toEqual(expect.arrayContaining(['slow5', 'slow6', 'slow7']))
  expect(existsSync(join(home.root, '.instance-manager/engine.sock'))).toBe(false)
})

it('--wait does not join another command, but begins when it has ended', async () => {
  const first = create('slow8')
  await first.until(pushing)
  const second = create('late', ' --wait')
  await second.until(text => text.includes('Waiting for the Instance Manager'))
  await go('slow8')
  expect(await first.ended).toMatchObject(created('slow8'))
  expect(await second.ended).toMatchObject(created('late'))
  const known = await operations()
  const of = (name: string): OperationState | undefined => known.find(it => it.subject === name)
  expect(Date.parse(of('late')?.openedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(of('slow8')?.settledAt ?? ''))
})
