/**
 * The overhead of a command: `list` of ten running instances, on its own and through an open engine, against `pm2
 * jlist` and Node itself; and how long it takes to complete an instance's name.
 */
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { composeApp } from '../../src/main/compose'
import { layOut } from '../support/cli-instance'
import { makeTiny } from '../support/tiny-base'
import { testWorkspace, type TestWorkspace } from '../support/workspace'
import type { Bench, BenchContext, Measured } from './bench'

const entry = process.env['INSTANCE_MANAGER_CLI'] ?? resolve(import.meta.dirname, '../../out/main/cli.cjs')
const count = 10

const bench: Bench = {
  name: 'cli',
  async run(context) {
    const workspace = await testWorkspace({ prepare: makeTiny })
    try {
      await workspace.open()
      for (let made = 0; made < count; made++) {
        const { name, server: cwd } = await layOut(workspace, `instance-${made}`)
        await workspace.processes.start({ name, cwd, script: join(cwd, 'index.js') })
      }
      await workspace.close()
      return await measure(workspace, context)
    } finally {
      await workspace.remove()
    }
  },
}
export default bench

async function measure(workspace: TestWorkspace, { runs, say }: BenchContext): Promise<Measured[]> {
  const env = {
    PATH: process.env['PATH'],
    HOME: workspace.host.home,
    PM2_HOME: workspace.host.pm2Home,
    XDG_CONFIG_HOME: join(workspace.host.home, '.config'),
    INSTANCE_MANAGER_DEFAULTS: workspace.host.defaults,
  }
  const node = async (...args: string[]): Promise<{ ms: number; out: string }> => {
    const start = performance.now()
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env,
      cwd: workspace.root,
      maxBuffer: 50_000_000,
    })
    return { ms: performance.now() - start, out: stdout }
  }
  const list = async (): Promise<number> => {
    const { ms, out } = await node(entry, '--workspace', workspace.root, 'list')
    if (out.split('online').length !== count + 1) throw new Error(`not all of them are listed:\n${out}`)
    return ms
  }
  const app = composeApp({ ...workspace.host, kind: 'serve', data: join(workspace.home, 'joined') })
  await mkdir(join(workspace.home, 'joined'))
  const taken = {
    alone: [] as number[],
    joined: [] as number[],
    pm2: [] as number[],
    node: [] as number[],
    complete: [] as number[],
  }
  for (let run = 0; run < runs * 3; run++) {
    taken.node.push((await node('-e', '0')).ms)
    taken.alone.push(await list())
    taken.pm2.push((await node(createRequire(import.meta.url).resolve('pm2/bin/pm2'), 'jlist')).ms)
    taken.complete.push((await node(entry, '__complete', '--', 'start', 'inst')).ms)
    await app.open(workspace.root)
    taken.joined.push(await list())
    await app.close()
    say(
      Object.entries(taken)
        .map(([name, values]) => `${name} ${values.at(-1)?.toFixed(0)} ms`)
        .join(', '),
    )
  }
  const per = (values: readonly number[], by: readonly number[]): number[] =>
    values.map((it, index) => it / (by[index] ?? NaN))
  return [
    { name: `list of ${count}, nothing else open`, unit: 'ms', values: taken.alone, goal: '<= 400' },
    { name: `list of ${count}, through an engine that is open`, unit: 'ms', values: taken.joined, goal: '<= 400' },
    { name: 'list / pm2 jlist', unit: 'ratio', values: per(taken.alone, taken.pm2) },
    { name: 'list / node -e 0', unit: 'ratio', values: per(taken.alone, taken.node) },
    { name: 'completing a name / node -e 0', unit: 'ratio', values: per(taken.complete, taken.node) },
    { name: 'pm2 jlist', unit: 'ms', values: taken.pm2 },
    { name: 'node -e 0', unit: 'ms', values: taken.node },
  ]
}
