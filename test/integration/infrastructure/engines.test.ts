/** Container engines that can't be used: what the operator is told, by the real command line or a command in its place. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { ContainerDriver } from '../../../src/main/infrastructure/drivers/container-driver'
import { allServices } from '../../../src/main/infrastructure/services'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { toProblem } from '../../../src/shared/problem'

let it: TestInfrastructure
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'im-engines-'))
  it = await testInfrastructure({ driver: 'embedded' })
})
afterEach(() => vi.unstubAllEnvs())
afterAll(async () => {
  await it.dispose()
  await rm(folder, { recursive: true, force: true })
})

/** A driver for an engine whose command is this shell script. */
async function driverOf(kind: 'podman' | 'docker', script: string): Promise<ContainerDriver> {
  const bin = await mkdtemp(join(folder, 'bin-'))
  await writeFile(join(bin, kind), `#!/bin/sh\n${script}\n`)
  await chmod(join(bin, kind), 0o755)
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`)
  return new ContainerDriver(kind, allServices, it.services)
}

const readUsed = async (): Promise<string> => (await readFile(join(folder, 'used'), 'utf8')).trim()

test('one that hangs is a Problem of each service and of the driver, and ends no operation', async () => {
  const docker = await driverOf('docker', 'exec sleep 1000')
  const silent = { code: 'engine-silent', action: 'retry' }
  const [postgres] = allServices
  if (!postgres) throw new Error('there are no services')
  const context = { signal: AbortSignal.timeout(60_000), report: () => undefined, output: () => undefined }
  const [status, option, started] = await Promise.all([
    docker.status(),
    docker.detect(),
    docker.start(postgres, context).catch(toProblem),
  ])
  expect(status.services).toMatchObject({
    postgres: { state: 'failed', problem: { ...silent, message: 'Docker hasn’t answered for 2 s.' } },
    pgbouncer: { state: 'failed', problem: silent },
  })
  expect(option).toMatchObject({ available: false, reason: 'Docker hasn’t answered for 4 s.', problem: silent })
  expect(started).toMatchObject(silent)
})

test('one that isn’t installed: how to install it', async () => {
  const missing = (kind: 'podman' | 'docker') => driverOf(kind, 'exit 127').then(driver => driver.detect()) // what bash says of a command that isn't there
  for (const kind of ['podman', 'docker'] as const)
    expect(await missing(kind)).toMatchObject({
      available: false,
      problem: {
        code: 'engine-missing',
        hint: expect.stringMatching(/sudo apt-get install (podman|docker\.io)/) as string,
      },
    })
})

const address = 'case "$*" in context*) echo "ADDRESS"; exit 0;; esac; '
test.each([
  [
    'stopped',
    'unix:///var/run/docker.sock',
    'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?" >&2; exit 1',
    'engine-stopped',
    /Start it: “sudo (systemctl start docker|service docker start)”/,
  ],
  [
    'stopped, rootless',
    'unix:///run/user/1000/docker.sock',
    'echo "Cannot connect to the Docker daemon at unix:///run/user/1000/docker.sock. Is the docker daemon running?" >&2; exit 1',
    'engine-stopped',
    /“systemctl --user start docker”/,
  ],
  [
    'stopped, and the command succeeds all the same',
    'unix:///var/run/docker.sock',
    `echo '{"ServerErrors":["Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"]}'`,
    'engine-stopped',
    /Start it/,
  ],
  [
    'forbidden',
    'unix:///var/run/docker.sock',
    'echo "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock" >&2; exit 1',
    'engine-denied',
    /“sudo usermod -aG docker \S+”/,
  ],
  [
    'broken',
    'unix:///var/run/docker.sock',
    'echo "client version 1.50 is too new" >&2; exit 1',
    'engine-broken',
    /“docker info”/,
  ],
  [
    'elsewhere by its context',
    'ssh://ada:secret@db.example',
    'exit 1',
    'engine-elsewhere',
    /“docker context use default”/,
  ],
])('a Docker that is %s: why, and what fixes it', async (_, at, script, code, hint) => {
  vi.stubEnv('DOCKER_HOST', undefined)
  const docker = await driverOf('docker', address.replace('ADDRESS', at) + script)
  const { available, problem } = await docker.detect()
  expect(available).toBe(false)
  expect(problem).toMatchObject({ code, hint: expect.stringMatching(hint) as string })
  expect(JSON.stringify(problem)).not.toContain('secret')
})

test.each(['ssh://db.example', 'tcp://10.0.0.7:2375', 'tcp://localhost.db.example:2375'])(
  'a DOCKER_HOST of %s is refused before anything is asked of it',
  async host => {
    vi.stubEnv('DOCKER_HOST', host)
    const docker = await driverOf(
      'docker',
      `case "$*" in context*) echo "$DOCKER_HOST";; *) touch '${folder}/asked';; esac`,
    )
    const elsewhere = {
      code: 'engine-elsewhere',
      cause: expect.stringContaining(`DOCKER_HOST points to ${host}`) as string,
    }
    expect((await docker.detect()).problem).toMatchObject(elsewhere)
    expect((await docker.status()).services.postgres).toMatchObject({ state: 'failed', problem: elsewhere })
    await expect(rm(join(folder, 'asked'))).rejects.toThrow('ENOENT')
  },
)

test.each([
  ['unix:///run/user/1000/docker.sock', 'unix:///run/user/1000/docker.sock'],
  ['tcp://127.0.0.1:2375', 'tcp://127.0.0.1:2375'],
])('a DOCKER_HOST of %s is on this machine, and is used', async (host, used) => {
  vi.stubEnv('DOCKER_HOST', host)
  const info = `echo '{"ServerVersion":"28.2.2","SecurityOptions":["name=seccomp","name=rootless"]}'; echo "$DOCKER_HOST" > '${folder}/used'`
  const docker = await driverOf('docker', `case "$*" in context*) echo "$DOCKER_HOST";; *) ${info};; esac`)
  expect(await docker.detect()).toEqual({
    kind: 'docker',
    available: true,
    reason: 'Docker 28.2.2 works here, without root.',
  })
  expect(await readUsed()).toBe(used)
})

test('once found, it stays the same engine when the user’s context changes', async () => {
  vi.stubEnv('DOCKER_HOST', undefined)
  const script = `case "$*" in
    context*) if [ -e '${folder}/moved' ]; then echo 'ssh://db.example'; else echo 'unix:///var/run/docker.sock'; fi;;
    *) echo "$DOCKER_HOST" > '${folder}/used'; echo '{"ServerVersion":"28.2.2"}';;
  esac`
  const docker = await driverOf('docker', script)
  await docker.detect()
  await writeFile(join(folder, 'moved'), '')
  expect((await docker.detect()).available).toBe(true)
  expect(await readUsed()).toBe('unix:///var/run/docker.sock')
})

const podmanWith = (maps: number): string => `case "$*" in
  version*) echo 4.3.1;;
  unshare*) for map in $(seq ${maps}); do echo "0 1000 1"; done;;
esac`

test('a rootless Podman works if its user has a range of ids; otherwise the command that adds one is told', async () => {
  const user = vi.spyOn(process, 'getuid').mockReturnValue(1000)
  onTestFinished(() => user.mockRestore())
  const works = await driverOf('podman', podmanWith(2))
  expect(await works.detect()).toMatchObject({ available: true, reason: 'Podman 4.3.1 works here, without root.' })
  const alone = await driverOf('podman', podmanWith(1))
  expect((await alone.detect()).problem).toMatchObject({
    code: 'engine-user-ids',
    hint: expect.stringMatching(/“sudo usermod --add-subuids (\d+-\d+) --add-subgids \1 \S+”/) as string,
  })
  const unmapped = await driverOf(
    'podman',
    'echo \'Error: exec: "newuidmap": executable file not found in $PATH\' >&2; exit 125',
  )
  expect((await unmapped.detect()).problem).toMatchObject({
    code: 'engine-user-ids',
    hint: expect.stringContaining('sudo apt-get install uidmap') as string,
  })
})
