import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { whyDriver, type DriverKind, type ServiceName, type ServiceState } from '../../../src/shared/infrastructure'
import { settingsSchema, type Settings } from '../../../src/shared/settings'
import type { Driver } from '../../../src/main/infrastructure/drivers/driver'
import { Infrastructure } from '../../../src/main/infrastructure/infrastructure'
import { owns, uses } from '../../../src/shared/things'
import { infrastructureStart } from '../../../src/main/infrastructure/start'
import { infrastructureRestart } from '../../../src/main/infrastructure/restart'
import { infrastructureStop } from '../../../src/main/infrastructure/stop'
import { nobody } from '../../../src/main/infrastructure/tenants'
import { Wanted } from '../../../src/main/infrastructure/wanted'
import type { AnyOperation } from '../../../src/main/operations/operation'
import { eventually } from '../../support/eventually'

const folder = mkdtempSync(join(tmpdir(), 'im-infrastructure-'))
afterAll(() => rmSync(folder, { recursive: true }))

const context = { signal: new AbortController().signal, report: () => undefined, output: () => undefined }

class FakeDriver implements Driver {
  readonly states: Record<ServiceName, ServiceState> = { postgres: 'absent', pgbouncer: 'absent' }
  failure: Error | undefined
  occupant: string | undefined
  constructor(
    readonly kind: DriverKind,
    readonly available: boolean,
  ) {}
  /** How often it was asked. */
  detections = 0
  detect = () => {
    this.detections += 1
    return Promise.resolve({
      kind: this.kind,
      available: this.available,
      reason: `${this.kind} ${this.available ? 'works' : 'is not installed'}.`,
    })
  }
  provision = () => Promise.resolve()
  provisioned = () => Promise.resolve(true)
  start = () => (this.failure ? Promise.reject(this.failure) : Promise.resolve())
  stop = () => Promise.resolve()
  logTail = () => Promise.resolve('')
  server = () => Promise.resolve({ port: 1 })
  data = {
    place: () => Promise.resolve('the folder postgres'),
    occupant: () => Promise.resolve(this.occupant),
    used: () => Promise.resolve(true),
    take: vi.fn<Driver['data']['take']>(() => Promise.resolve()),
    empty: vi.fn<Driver['data']['empty']>(() => Promise.resolve()),
    disk: () => Promise.resolve(undefined),
  }
  looks = 0
  alive: readonly number[] | undefined
  status = () => {
    this.looks += 1
    const of = (name: ServiceName) => ({ name, state: this.states[name], port: 1 })
    return Promise.resolve({
      services: { postgres: of('postgres'), pgbouncer: of('pgbouncer') },
      warnings: [],
      alive: this.alive,
    })
  }
}

const startOf = (infrastructure: Infrastructure) =>
  infrastructureStart(infrastructure, () => Promise.resolve('started'))

let closing = new AbortController()
afterEach(() => {
  closing.abort()
  closing = new AbortController()
})

function setUp({ podman = false, docker = false, instances = false, working = [] as string[] } = {}) {
  let settings: Settings = settingsSchema.parse({})
  const drivers = {
    podman: new FakeDriver('podman', podman),
    docker: new FakeDriver('docker', docker),
    embedded: new FakeDriver('embedded', true),
  }
  const infrastructure = new Infrastructure({
    drivers,
    signal: closing.signal,
    id: 'workspace',
    users: () => working.map(text => ({ text, changesIt: false })),
    settings: {
      read: () => Promise.resolve(settings),
      change: ({ driver }) => {
        settings = { ...settings, driver }
        return Promise.resolve()
      },
    },
    secrets: { get: () => Promise.resolve('secret'), ensure: () => Promise.resolve('secret') },
    former: { read: () => Promise.resolve(undefined) },
    wanted: new Wanted(join(folder, 'infrastructure.json'), folder),
  })
  infrastructure.serve({
    ...nobody,
    any: () => Promise.resolve(instances),
    running: () => Promise.resolve([{ name: 'School', port: 5001 }]),
    databases: () =>
      Promise.resolve(instances ? [{ instance: 'School', database: 'school_db', role: 'school_user' }] : []),
  })
  return { infrastructure, drivers, settings: () => settings }
}

test.each([
  [{ podman: true, docker: true }, 'podman', 'podman works.'],
  [{ docker: true }, 'docker', 'docker works.'],
  [{}, 'embedded', 'No container engine works here. podman is not installed. docker is not installed.'],
] as const)(
  'a working container engine is taken, else embedded, and why is said: %j',
  async (works, driver, reason) => {
    const { infrastructure } = setUp(works)
    expect(await infrastructure.status()).toMatchObject({ driver, canChangeDriver: true })
    expect(whyDriver(driver, await infrastructure.options())).toBe(reason)
  },
)

test('another driver can be chosen while there is no instance', async () => {
  const { infrastructure, settings } = setUp({ podman: true })
  expect(await infrastructure.choose('embedded')).toMatchObject({ driver: 'embedded' })
  expect(whyDriver('embedded', await infrastructure.options())).toBe('You chose Embedded. Podman is also available.')
  expect(settings().driver).toBe('embedded')
  await expect(infrastructure.choose('docker')).rejects.toMatchObject({
    problem: { code: 'driver-unavailable', cause: 'docker is not installed.' },
  })
})

test('once one is chosen, a look at the services starts no container engine', async () => {
  const { infrastructure, drivers } = setUp({ podman: true })
  await infrastructure.settle('embedded')
  await infrastructure.status()
  expect(Object.values(drivers).map(it => it.detections)).toEqual([0, 0, 0])
})

test('the driver stays once an instance exists, and while its services run', async () => {
  const used = setUp({ podman: true, instances: true })
  await expect(used.infrastructure.choose('embedded')).rejects.toMatchObject({ problem: { code: 'driver-in-use' } })
  expect((await used.infrastructure.status()).canChangeDriver).toBe(false)
  const running = setUp({ podman: true })
  running.drivers.podman.states.postgres = 'running'
  await expect(running.infrastructure.choose('embedded')).rejects.toMatchObject({ problem: { code: 'driver-in-use' } })
})

test('where an instance’s data is gone, only an operator who asks for it gets an empty PostgreSQL', async () => {
  const { infrastructure, drivers } = setUp({ podman: true, instances: true })
  const gone = { code: 'data-missing', cause: expect.stringContaining('the folder postgres') as string }
  expect((await infrastructure.status()).postgres).toMatchObject({ state: 'failed', problem: gone })
  const [start, restart] = [startOf(infrastructure), infrastructureRestart(infrastructure)]
  for (const it of [start, restart]) await expect(it.plan({})).rejects.toMatchObject({ problem: gone })
  const asked = (await start.plan({ newData: true })) as { token?: string }
  expect(asked).toMatchObject({
    newData: true,
    services: ['postgres', 'pgbouncer'],
    token: expect.any(String) as string,
  })
  const [provision] = start.steps(asked)
  await provision?.do({ ...context, plan: asked } as never)
  expect(drivers.podman.data.take).toHaveBeenCalledWith(expect.anything(), asked.token)
  await provision?.undo?.({ ...context, plan: asked } as never)
  expect(drivers.podman.data.empty).toHaveBeenCalledWith(expect.anything(), asked.token)
  drivers.podman.occupant = 'the volume postgres'
  expect((await infrastructure.status()).postgres.state).toBe('absent')
  expect(await start.plan({ newData: true })).not.toHaveProperty('token') // nothing is missing
  const plan = await start.plan({})
  drivers.podman.occupant = undefined // removed since
  await expect(start.steps(plan)[0]?.do({ ...context, plan } as never)).rejects.toMatchObject({ problem: gone })
})

test('the driver is not changed while an operation needs it, which is named; what stops it claims it', async () => {
  const working = ['Creating “alpha”']
  const { infrastructure } = setUp({ podman: true, working })
  const busy = { problem: { code: 'infrastructure-busy', cause: 'Creating “alpha”.', action: 'open-activity' } }
  await expect(infrastructure.choose('embedded')).rejects.toMatchObject(busy)
  const claims = async ({ plan, claims: of }: AnyOperation, input: object) => of(await plan(input))
  const all = [owns('infrastructure'), owns('services')]
  expect(await claims(startOf(infrastructure), {})).toEqual([uses('infrastructure'), owns('services')])
  expect(await claims(infrastructureRestart(infrastructure), { service: 'pgbouncer' })).toEqual(all)
  expect(await claims(infrastructureStop(infrastructure), {})).toEqual(all)
  expect(await claims(infrastructureStop(infrastructure), { stopInstances: true })).toEqual([
    ...all,
    owns('instance/school'),
    owns('port/5001'),
  ])
})

test('one service is started after what it needs, and stopped and restarted alone', async () => {
  const { infrastructure, drivers } = setUp()
  const steps = async ({ plan, steps: of }: AnyOperation, input: object) => of(await plan(input)).map(it => it.name)
  const postgres = ['provision-postgres', 'start-postgres', 'secure-postgres']
  const pgbouncer = ['provision-pgbouncer', 'start-pgbouncer']
  expect(await steps(startOf(infrastructure), { service: 'postgres' })).toEqual(postgres)
  expect(await steps(startOf(infrastructure), { service: 'pgbouncer' })).toEqual([...postgres, ...pgbouncer])
  drivers.embedded.states.postgres = 'running'
  expect(await steps(startOf(infrastructure), { service: 'pgbouncer' })).toEqual(pgbouncer)
  expect(await steps(infrastructureStop(infrastructure), { service: 'postgres' })).toEqual(['stop-postgres'])
  expect(await steps(infrastructureRestart(infrastructure), { service: 'pgbouncer' })).toEqual([
    'stop-pgbouncer',
    ...pgbouncer,
  ])
  expect(await steps(infrastructureRestart(infrastructure), {})).toEqual([
    'stop-pgbouncer',
    'stop-postgres',
    ...postgres,
    ...pgbouncer,
  ])
})

test('what earlier versions wrote about both counts for each; one that is stopped alone is not wanted, the other is', async () => {
  const path = join(folder, 'earlier.json')
  const wanted = new Wanted(path, folder)
  writeFileSync(path, JSON.stringify({ wanted: true, workspace: folder }))
  expect(await wanted.read()).toEqual({ wanted: ['postgres', 'pgbouncer'], instances: [] })
  await wanted.set(['pgbouncer'], false)
  expect([await wanted.has('postgres'), await wanted.has('pgbouncer')]).toEqual([true, false])
})

test('of changes made at once, none is lost', async () => {
  const wanted = new Wanted(join(folder, 'at-once.json'), folder)
  await Promise.all([wanted.set(['postgres'], true), wanted.set(['pgbouncer'], true)])
  expect((await wanted.read())?.wanted).toEqual(['postgres', 'pgbouncer'])
})

test('plans are what their schemas say', async () => {
  const { infrastructure } = setUp()
  const jobs = [startOf(infrastructure), infrastructureStop(infrastructure), infrastructureRestart(infrastructure)]
  for (const { plan, planSchema } of jobs) {
    const made = await plan({})
    expect(planSchema?.parse(made)).toEqual(made)
  }
})

test('without PgBouncer it is not pooled', async () => {
  const { infrastructure, drivers } = setUp()
  drivers.embedded.states.pgbouncer = 'unavailable'
  expect((await infrastructure.status()).pooled).toBe(false)
})

test('a failed start is shown with its reason until the next one', async () => {
  const { infrastructure, drivers } = setUp()
  drivers.embedded.states.postgres = 'stopped'
  drivers.embedded.failure = new Error('no disk')
  await expect(infrastructure.start('embedded', 'postgres', context)).rejects.toThrow('no disk')
  expect((await infrastructure.status()).postgres).toMatchObject({ state: 'failed', problem: { code: 'unexpected' } })
  drivers.embedded.failure = undefined
  await infrastructure.start('embedded', 'postgres', context)
  expect((await infrastructure.status()).postgres.state).toBe('stopped')
})

test('however many watch, one looks; each is told, and a failure too', async () => {
  const { infrastructure, drivers } = setUp()
  const end = new AbortController()
  const seen: string[][] = [[], [], []]
  const watching = seen.map(async its => {
    for await (const { postgres } of infrastructure.watch(end.signal)) its.push(postgres.state)
  })
  await eventually(() => expect(seen).toEqual([['absent'], ['absent'], ['absent']]))
  expect(drivers.embedded.looks).toBe(1)
  drivers.embedded.states.postgres = 'stopped'
  await infrastructure.provision('embedded', 'postgres', context)
  await eventually(() => expect(seen).toEqual(seen.map(() => ['absent', 'stopped'])))
  drivers.embedded.status = () => Promise.reject(new Error('settings are torn'))
  await infrastructure.provision('embedded', 'postgres', context)
  await Promise.all(watching.map(it => expect(it).rejects.toThrow('settings are torn')))
  end.abort()
})

test('the end of the workspace ends the watch', async () => {
  const { infrastructure } = setUp()
  const watching = (async () => {
    for await (const _ of infrastructure.watch(new AbortController().signal)) closing.abort()
  })()
  await expect(watching).resolves.toBeUndefined()
})

test('watching tells the state once, each change after it, and ends with its signal', async () => {
  const { infrastructure, drivers } = setUp()
  const end = new AbortController()
  const seen: string[] = []
  for await (const { postgres } of infrastructure.watch(end.signal)) {
    seen.push(postgres.state)
    if (seen.length === 1) {
      drivers.embedded.states.postgres = 'stopped'
      await infrastructure.provision('embedded', 'postgres', context)
    } else end.abort()
  }
  expect(seen).toEqual(['absent', 'stopped'])
})

test('while all processes live it is seldom looked in full; that one has ended is seen at the next short look', async () => {
  const end = new AbortController()
  const child = spawn('sleep', ['1000'])
  try {
    const [calm, watchful] = [setUp(), setUp()]
    calm.drivers.embedded.alive = [process.pid, child.pid ?? 0]
    const watching = [calm, watchful].map(async ({ infrastructure }) => {
      for await (const _ of infrastructure.watch(end.signal));
    })
    await vi.waitFor(() => expect(watchful.drivers.embedded.looks).toBe(3), 10_000)
    expect(calm.drivers.embedded.looks).toBe(1)
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(calm.drivers.embedded.looks).toBe(2), 8000)
    end.abort()
    await Promise.all(watching)
  } finally {
    child.kill('SIGKILL')
  }
})
