/** The sample application, copied, installed and started as someone would by hand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { baseEnvironment } from '../../src/main/system/environment'
import { createRun, type Run } from '../../src/main/system/run'
import { createSample } from '../../src/main/workspace/sample'

const resources = resolve('resources')

export interface SampleApp {
  readonly root: string
  readonly server: string
  readonly client: string
  readonly run: Run
  remove(): Promise<void>
}

/** A copy in a separate folder: `npm ci` for both, the Prisma client generated, the client built. */
export async function installSampleApp(): Promise<SampleApp> {
  const temporary = await mkdtemp(join(tmpdir(), 'im-sample-app-'))
  const root = join(temporary, 'sample app')
  const [server, client] = [join(root, 'server'), join(root, 'client')]
  const run = createRun(temporary)
  await createSample(join(resources, 'sample-app'), root)
  await Promise.all([
    run('npm', ['ci', '--prefer-offline'], { cwd: server, timeout: 240_000 }).then(() =>
      run('npx', ['prisma', 'generate'], { cwd: server, timeout: 60_000 }),
    ),
    run('npm', ['ci', '--prefer-offline'], { cwd: client, timeout: 240_000 }).then(() =>
      run('npm', ['run', 'build'], { cwd: client, timeout: 60_000 }),
    ),
  ])
  return { root, server, client, run, remove: () => rm(temporary, { recursive: true, force: true }) }
}

export interface DirectorAnswer {
  readonly ok: boolean
  readonly created?: boolean
  readonly exists?: boolean
  readonly accounts?: readonly { readonly email: string; readonly name: string }[] | null
  readonly changed?: boolean
  readonly code?: string
  readonly message?: string
}

/** Runs resources/director.cjs in a server folder, by default to add. `output` is everything it wrote, to search for secrets. */
export async function createDirector(
  server: string,
  databaseUrl: string,
  input: object | string,
): Promise<{ answer: DirectorAnswer; exitCode: number | undefined; output: string }> {
  const { stdout, all, exitCode } = await execa(process.execPath, [join(resources, 'director.cjs')], {
    cwd: server,
    input: typeof input === 'string' ? input : JSON.stringify({ action: 'add', ...input }),
    reject: false,
    all: true,
    timeout: 60_000,
    env: { ...baseEnvironment(), DATABASE_URL: databaseUrl },
    extendEnv: false,
  })
  return { answer: JSON.parse(stdout) as DirectorAnswer, exitCode, output: all } // JSON.parse fails on a second line
}

export interface RunningServer {
  readonly url: string
  output(): string
  stop(): Promise<number | undefined>
}

/** Starts `node index.js` with nothing in its environment, so that .env decides. Resolves once it is healthy. */
export async function startServer(server: string, port: number): Promise<RunningServer> {
  const child = execa(process.execPath, ['index.js'], {
    cwd: server,
    env: baseEnvironment(),
    extendEnv: false,
    reject: false,
    all: true,
  })
  let output = ''
  child.all.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const url = `http://127.0.0.1:${port}`
  const healthy = (): Promise<boolean> =>
    fetch(`${url}/api/health`).then(
      it => it.ok,
      () => false,
    )
  for (let attempt = 0; !(await healthy()); attempt++) {
    if (child.exitCode !== null || attempt > 300) {
      child.kill('SIGKILL')
      throw new Error(`the server does not start: ${output}`)
    }
    await delay(100)
  }
  return {
    url,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM')
      return (await child).exitCode
    },
  }
}
