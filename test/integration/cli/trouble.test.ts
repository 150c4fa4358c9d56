/**
 * What goes wrong and what is refused: exit codes, Problems, Ctrl+C, kill -9 and the way back. On the tiny base
 * application.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signalTo } from '../../../src/main/infrastructure/drivers/daemons'
import { appsOf } from '../../../src/main/processes/leftovers'
import { isAlive } from '../../../src/main/system/proc'
import { acquireLock } from '../../../src/main/workspace/lock'
import type { InstanceList } from '../../../src/shared/instance'
import type { OperationState } from '../../../src/shared/operation'
import type { InfrastructureStatus } from '../../../src/shared/infrastructure'
import { layOut } from '../../support/cli-instance'
import { makeTiny } from '../../support/tiny-base'
import { until } from '../../support/workspace'
import { cliCommand, cliHome, type CliHome, type Running } from './cli'

const director = '--director-name Ada --director-email ada@school.example --generate-password'

let home: CliHome
beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
  await makeTiny(home.root)
  await home.must('infra up')
})
afterAll(() => home.remove())

const begin = (args: string): Running => home.start(['--workspace', home.root, ...args.split(' ')])
/** As a reboot leaves it: the daemon and all that it ran are gone. */
async function endPm2(pm2Home: string): Promise<void> {
  const daemon = Number(await readFile(join(pm2Home, 'pm2.pid'), 'utf8'))
  process.kill(daemon, 'SIGKILL')
  await until(async () => !(await isAlive(daemon)))
  await until(async () => {
    const left = await appsOf(pm2Home)
    for (const { pid } of left) signalTo(pid, 'SIGKILL')
    return left.length === 0
  })
}

const instances = async (): Promise<string[]> =>
  ((await home.run('list --json')).data as InstanceList).instances.map(it => it.name)
const known = async (): Promise<readonly OperationState[]> =>
  ((await home.run('operations --json')).data as { operations: OperationState[] }).operations
const journals = (): Promise<string[]> => readdir(join(home.root, '.instance-manager/operations'))
const doing =
  (step: string) =>
  (text: string): boolean =>
    text.includes(`"type":"doing","step":"${step}"`)

describe('wrong usage ends with 2 and names what is missing', () => {
  it.each([
    ['', 'Usage: instance-manager [options] [command]'],
    ['frob', 'frob'],
    ['infra', 'Usage: instance-manager infra'],
    ['infra sideways', 'sideways'],
    ['create', 'Missing: <name>, --director-name <name>, --director-email <address>.'],
    ['create x --generate-password', '--director-name'],
    ['create x --director-name a --director-email b', '--generate-password'],
    [`create x ${director} --director-password-stdin`, 'not both'],
    [`create x ${director} --port 80`, '1024'],
    [`create -x- ${director}`, '-x-'],
    [`create x! ${director}`, 'letters'],
    ['create x --director-name a --director-email b --generate-password', '--director-email'],
    ['create x --director-name a --director-email a@b.example --director-password-stdin', 'Standard input'],
    ['start', '--all'],
    ['stop a --all', 'not both'],
    ['restart', '--all'],
    ['resurrect a --all', 'not both'],
    ['port school', 'port'],
    ['port school abc', '“abc” isn’t a port (1024 to 65535).'],
    ['delete school', '--confirm school'],
    ['delete school --confirm DELETE', '--confirm takes the name: school'],
    ['logs', 'name'],
    ['logs a --lines 0', 'a valid number of lines'],
    ['logs a --since yesterdayish', '30s'],
    ['recover', 'id'],
    ['recover a sideways', 'resume'],
    ['completion tcsh', 'bash'],
    ['list --frob', '--frob'],
    ['init --driver lxc', 'podman'],
    ['init elsewhere', 'Name the folder once'],
  ])('%s', async (args, names) => {
    const { exit, err, out } = await home.run(args)
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
    expect(err).toContain(names)
    const json = await home.run(`--json ${args}`)
    expect(json).toMatchObject({ exit: 2, ok: false, lines: [{ type: 'result' }] })
  })

  it('without any workspace', async () => {
    const ran = await home.start(['list'], { env: { XDG_CONFIG_HOME: join(home.path, 'elsewhere') } }).ended
    expect(ran.exit).toBe(2)
    expect(ran.err).toContain('--workspace DIR')
  })
})

describe('refusals end with 4, and nothing is begun', () => {
  it.each([
    ['start nope', 'instance-unknown'],
    ['stop nope', 'instance-unknown'],
    ['restart nope', 'instance-unknown'],
    ['port nope 5555', 'instance-unknown'],
    ['delete nope --confirm nope', 'instance-unknown'],
    ['status nope', 'instance-unknown'],
    ['logs nope', 'instance-unknown'],
    ['resurrect nope', 'instance-unknown'],
    ['operations nope', 'operation-unknown'],
    ['operations nope --password', 'password-gone'],
    ['recover nope resume', 'operation-unknown'],
    [`create all ${director}`, 'name-reserved'],
    ['init --sample', 'folder-not-empty'],
  ])('%s', async (args, code) => {
    const before = await journals()
    const ran = await home.run(`${args} --json`)
    expect(ran).toMatchObject({ exit: 4, ok: false, problem: { code } })
    expect((await home.run(args)).err).toContain(`(${code})`)
    expect(await journals()).toEqual(before)
  })

  it('a folder that is no workspace', async () => {
    const ran = await home.start(['--workspace', join(home.path, 'tmp'), 'start', 'a', '--json']).ended
    expect(ran).toMatchObject({ exit: 4, problem: { code: 'workspace-unusable' } })
    expect(await home.start(['--workspace', '/nowhere', 'list', '--json']).ended).toMatchObject({
      exit: 4,
      problem: { code: 'workspace-unusable' },
    })
    expect(await home.start(['--workspace', join(home.path, 'tmp'), 'init', '--json']).ended).toMatchObject({
      exit: 4,
      problem: { code: 'workspace-unusable' },
    })
  })

  it('a port that is taken', async () => {
    const server = createServer()
    await new Promise<void>(done => {
      server.listen(0, '127.0.0.1', done)
    })
    const { port } = server.address() as { port: number }
    expect(await home.run(`create taken ${director} --port ${port} --json`)).toMatchObject({
      exit: 4,
      problem: { code: 'port-taken' },
    })
    server.close()
  })

  it('while another process works in the workspace; looking goes on', async () => {
    const lock = await acquireLock(join(home.root, '.instance-manager'), 'command')
    const ran = await home.run('stop nope --json')
    expect(ran).toMatchObject({
      exit: 4,
      problem: { code: 'workspace-locked', cause: expect.stringContaining(String(process.pid)) as string },
    })
    for (const look of ['list', 'status', 'operations', 'infra status']) expect((await home.run(look)).exit).toBe(0)
    await lock.release()
  })
})

it('what fails is undone and ends with 1', async () => {
  const ran = await home.run(`create mortal1 ${director} --json`)
  expect(ran).toMatchObject({ exit: 1, ok: false, problem: { code: 'not-online' }, data: { phase: 'rolled-back' } })
  expect(ran.lines.map(it => it.type)).toEqual(expect.arrayContaining(['turned', 'undone', 'settled']))
  expect(await instances()).not.toContain('mortal1')
  const [last] = (await known()).slice(-1)
  const shown = await home.run(`operations ${last?.id ?? ''}`)
  expect(shown.out).toMatch(/Couldn’t create[\s\S]+undone[\s\S]+\(not-online\)/)
})

it('the generated password is printed once, and a lost one can be asked for once', async () => {
  const ran = await home.run(`create school ${director}`)
  expect(ran.exit).toBe(0)
  expect(ran.out).toMatch(/^Password +[A-Za-z0-9]{24}$/m)
  const [created] = (await known()).filter(it => it.kind === 'create' && it.phase === 'succeeded')
  expect(await home.run(`operations ${created?.id ?? ''} --password`)).toMatchObject({ exit: 4 })
})

it('a log that cannot be saved is told, and the command ends; a file that exists is replaced only by --force', async () => {
  const save = (file: string): string => `logs school --save ${home.path}/${file} --json`
  expect(await home.run(save('none/a.log'))).toMatchObject({ exit: 4, ok: false, problem: { code: 'log-save-failed' } })
  expect(await home.run(save('a.log'))).toMatchObject({ exit: 0, ok: true })
  await writeFile(join(home.path, 'a.log'), 'mine')
  expect(await home.run(save('a.log'))).toMatchObject({
    exit: 4,
    problem: { code: 'file-exists', hint: expect.stringContaining('--force') as string },
  })
  expect(await readFile(join(home.path, 'a.log'), 'utf8')).toBe('mine')
  expect(await home.run(`${save('a.log')} --force`)).toMatchObject({ exit: 0, ok: true })
  expect(await readFile(join(home.path, 'a.log'), 'utf8')).not.toBe('mine')
  expect(await home.run('logs school --force')).toMatchObject({ exit: 2 })
})

it('Ctrl+C cancels, waits until all is undone, and ends with 1', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const create = begin(`create deaf1 ${director} --json`)
    await create.until(doing('verify-health'))
    create.child.kill(signal)
    const ran = await create.ended
    expect(ran).toMatchObject({ exit: 1, ok: false, problem: { code: 'cancelled' }, data: { phase: 'rolled-back' } })
    expect(await instances()).not.toContain('deaf1')
  }
})

it('a second Ctrl+C leaves at once, ends with 3, and says how to recover', async () => {
  const create = begin(`create deaf2 ${director}`)
  await create.until(text => text.includes('Start the application'))
  create.child.kill('SIGINT')
  await create.until(text => text.includes('Cancelling'))
  create.child.kill('SIGINT')
  const { exit, err } = await create.ended
  expect(exit).toBe(3)
  const [, id = ''] = /instance-manager recover (\S+) roll-back/.exec(err) ?? []
  expect(await home.run(`operations ${id}`)).toMatchObject({
    exit: 0,
    out: expect.stringContaining('It is open') as string,
  })
  expect(await home.run(`recover ${id} roll-back --json`)).toMatchObject({
    exit: 0,
    ok: true,
    data: { operation: { phase: 'rolled-back' } },
  })
  expect(await instances()).not.toContain('deaf2')
  expect(await home.run(`recover ${id} roll-back`)).toMatchObject({ exit: 4 })
})

it('on a terminal: Ctrl+C from the keyboard, steps that are drawn, colours only where wanted', async () => {
  const inTerminal = (args: string, env = {}): Running =>
    home.start(['-qec', `exec ${cliCommand(`--workspace '${home.root}' ${args}`)}`, '/dev/null'], {
      file: 'script',
      env: { TERM: 'xterm-256color', ...env },
    })
  const create = inTerminal(`create deaf3 ${director}`)
  await create.until(text => text.includes('Check that it answers') && text.includes('✓'))
  create.child.stdin?.write('\u0003')
  const cancelled = await create.ended
  expect(cancelled.exit).toBe(1)
  expect(cancelled.out).toContain('\u001b[?25h') // the cursor is shown again
  const { out } = await inTerminal('list').ended
  expect(out).toMatch(/\u001b\[32monline/)
  expect((await inTerminal('list', { NO_COLOR: '1' }).ended).out).not.toContain('\u001b[')
  expect((await home.run('list')).out).not.toContain('\u001b')

  const asked = inTerminal('delete school')
  await asked.until(text => text.includes('Type school to delete it for good'))
  asked.child.stdin?.write('no\r')
  expect(await asked.ended).toMatchObject({ exit: 4 })
  expect(await instances()).toContain('school')
})

describe('killed in the middle', () => {
  /** kill -9 when the step has begun. @returns the operation */
  async function killedAt(name: string, step: string): Promise<string> {
    const create = begin(`create ${name} ${director} --json`)
    await create.until(doing(step))
    create.child.kill('SIGKILL')
    const { lines } = await create.ended
    return lines[0]?.id ?? ''
  }

  it('a look leaves it alone; recover resume finishes it, and its password can be seen once', async () => {
    const id = await killedAt('again', 'start-process')
    for (let look = 0; look < 2; look++)
      expect((await home.run(`operations ${id} --json`)).data).toMatchObject({ operation: { phase: 'running' } })
    const ran = await home.run(`recover ${id} resume --json`)
    expect(ran).toMatchObject({ exit: 0, ok: true, data: { operation: { phase: 'succeeded' } } })
    expect(ran.lines[0]).toMatchObject({ type: 'snapshot', operation: { id } })
    expect(await instances()).toContain('again')
    expect((await home.run(`operations ${id} --password`)).out).toMatch(/^Password +[A-Za-z0-9]{24}$/m)
    expect(await home.run(`operations ${id} --password`)).toMatchObject({ exit: 4 })
  })

  it('recover roll-back leaves nothing of it', async () => {
    const id = await killedAt('deaf4', 'verify-health')
    expect(await home.run(`recover ${id} roll-back --json`)).toMatchObject({
      exit: 0,
      ok: true,
      data: { operation: { phase: 'rolled-back' } },
    })
    expect(await instances()).not.toContain('deaf4')
    expect(await readdir(join(home.root, 'instances'))).not.toContain('deaf4')
  })

  it('one whose journal is damaged keeps its instance until it is abandoned', async () => {
    const id = await killedAt('damaged', 'place-files')
    const journal = join(home.root, '.instance-manager/operations', `${id}.jsonl`)
    await writeFile(journal, (await readFile(journal, 'utf8')).replace('"step":"reserve"', '"step":"rEserve"'))
    const listed = await home.run('operations')
    expect(listed.err).toContain(`instance-manager recover ${id} abandon`)
    expect(await home.run(`create damaged ${director} --json`)).toMatchObject({
      exit: 4,
      problem: { code: 'operation-open' },
    })
    expect(await home.run(`recover ${id} abandon`)).toMatchObject({ exit: 0 })
    expect(await home.run(`recover ${id} abandon --json`)).toMatchObject({
      exit: 4,
      problem: { code: 'operation-unknown' },
    })
    expect(await home.run('operations')).toMatchObject({ err: '' })
    expect(await home.run('remove-leftovers damaged --confirm damaged --json')).toMatchObject({ exit: 0 })
    expect(await home.run(`create damaged ${director}`)).toMatchObject({ exit: 0 })
  })

  it('what can go neither way is stuck: 3, until what it needs is there again', async () => {
    const id = await killedAt('deaf5', 'verify-health')
    const postmaster = Number(
      (await readFile(join(home.root, '.instance-manager/embedded/postgres/postmaster.pid'), 'utf8')).split('\n')[0],
    )
    process.kill(postmaster, 'SIGKILL')
    await until(async () => !(await isAlive(postmaster)))
    const ran = await home.run(`recover ${id} resume --json`)
    expect(ran).toMatchObject({
      exit: 3,
      ok: false,
      problem: { hint: expect.stringContaining(`recover ${id} resume|roll-back`) as string },
      data: { operation: { phase: 'stuck' } },
    })
    expect(await home.run('infra up')).toMatchObject({ exit: 0 })
    expect(await home.run(`recover ${id} roll-back`)).toMatchObject({ exit: 0 })
    expect(await readdir(join(home.root, 'instances'))).not.toContain('deaf5')
  })

  it('any command that changes something finishes it first, and says so', async () => {
    await killedAt('third', 'start-process')
    const ran = await home.run('stop again')
    expect(ran.exit).toBe(0)
    expect(await instances()).toContain('third')
    expect((await known()).filter(it => it.phase === 'running')).toEqual([])
    expect((await home.run('start again')).exit).toBe(0)
  })
})

it('what is down and should run is resurrected', async () => {
  const before = (await instances()).toSorted((a, b) => (a < b ? -1 : 1))
  await endPm2(home.env['PM2_HOME'] ?? '')
  expect(((await home.run('list --json')).data as InstanceList).down.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
    before,
  )
  expect((await home.run('list')).err).toContain('Should be running but aren’t')
  const ran = await home.run('resurrect --all --json')
  expect(ran).toMatchObject({
    exit: 0,
    ok: true,
    data: before.map(name => ({ name, exit: 0, operation: { kind: 'start', subject: name, phase: 'succeeded' } })),
  })
  expect(ran.lines.filter(it => it.type === 'opened').map(it => it['kind'])).toEqual(['many'])
  expect((await home.run('list --json')).data).toMatchObject({ down: [] })
})

describe('pipes and names', () => {
  it('a reader that goes ends it quietly', async () => {
    const pipe = (args: string, reader: string): Running =>
      home.start(
        ['-c', `${cliCommand(`--workspace '${home.root}' ${args}`)} | ${reader}; echo "code \${PIPESTATUS[0]}"`],
        { file: 'bash' },
      )
    expect(await pipe('list', 'true').ended).toMatchObject({ out: 'code 0\n', err: '' })
    // what is begun is finished, heard or not
    expect((await pipe('stop again --json', 'true').ended).out).toBe('code 0\n')
    expect((await home.run('start again')).exit).toBe(0)
    const following = pipe('logs school --follow', 'head -n 1')
    await following.until(text => text.includes('listening'))
    await home.must('restart school') // it finds out when it has something to say
    expect(await following.ended).toMatchObject({
      out: expect.stringMatching(/listening\ncode 0\n$/) as string,
      err: '',
    })
  })

  it('control characters of others do not reach the terminal', async () => {
    await mkdir(join(home.root, 'instances', 'evil\u001b]0;owned\u0007'))
    await writeFile(join(home.root, 'instances', 'evil\u001b]0;owned\u0007', 'config.json'), '{')
    const { err } = await home.run('list')
    expect(err).toContain('evil')
    expect(err).not.toMatch(/\u001b|\u0007|owned/)
  })

  it('completion knows commands, options and instances, without an engine', async () => {
    const complete = async (...typed: string[]): Promise<string[]> =>
      (await home.start(['__complete', '--', ...typed], { cwd: home.root }).ended).out.trim().split('\n')
    expect(await complete('res')).toEqual(['restart', 'resurrect'])
    expect(await complete('infra', '')).toEqual([
      'up',
      'down',
      'restart',
      'settings',
      'set',
      'status',
      'activity',
      'cancel-query',
      'drivers',
      'harden',
      'maintain',
      'move',
      'upgrade',
      'remove-old',
      'load',
      'pull',
      'logs',
    ])
    expect(await complete('start', 'sch')).toEqual(['school'])
    expect(await complete('stop', 'again', 'sch')).toEqual(['school'])
    expect(await complete('recover', 'x', '')).toEqual(['resume', 'roll-back'])
    expect(await complete('create', 'x', '--dir')).toEqual([
      '--director-name',
      '--director-email',
      '--director-password-stdin',
    ])
    expect(await complete('init', '--driver', '')).toEqual(['podman', 'docker', 'embedded'])
    expect(await complete('--workspace', home.root, 'start', 'th')).toEqual(['third'])
    const typed = await home.start(
      [
        '-c',
        `eval "$(${cliCommand('completion bash')})"; instance-manager() { ${cliCommand('"$@"')}; }; COMP_WORDS=(instance-manager start sch); COMP_CWORD=2; _instance_manager; echo "\${COMPREPLY[@]}"`,
      ],
      { file: 'bash', cwd: home.root },
    ).ended
    expect(typed.out).toBe('school\n')
  })
})

describe('several at once', () => {
  it('each is told by itself: what is refused stops no other', async () => {
    const ran = await home.run('restart nope school neither --json')
    expect(ran).toMatchObject({
      exit: 4,
      ok: false,
      problem: { code: 'some-failed', message: '2 of 3 failed: neither, nope.' },
      data: [
        { name: 'neither', exit: 4, problem: { code: 'instance-unknown' } },
        { name: 'nope', exit: 4 },
        { name: 'school', exit: 0, operation: { phase: 'succeeded' } },
      ],
    })
    const { err } = await home.run('stop nope school')
    expect(err).toMatch(/Stopping 2 instances…\n[\s\S]*✗ nope[\s\S]*✓ school[\s\S]*1 of 2 instances was stopped/)
  })

  it('Ctrl+C undoes what is under way, begins no more, and ends with 1', async () => {
    const infrastructure = { status: async () => (await home.run('infra status --json')).data as InfrastructureStatus }
    const names = ['deaf6', 'deaf7', 'deaf8', 'deaf9', 'last']
    for (const name of names) await layOut({ root: home.root, services: { infrastructure } }, name)
    const before = await appsOf(home.env['PM2_HOME'] ?? '')
    const start = begin(`start ${names.join(' ')} --json`)
    await until(async () => (await appsOf(home.env['PM2_HOME'] ?? '')).length === before.length + 4)
    start.child.kill('SIGINT')
    const ran = await start.ended
    expect(ran).toMatchObject({ exit: 1, ok: false, problem: { code: 'some-failed' } })
    expect(ran.data).toMatchObject([
      ...names.slice(0, 4).map(name => ({
        name,
        exit: 1,
        operation: { kind: 'start', phase: 'rolled-back' },
        problem: { code: 'cancelled' },
      })),
      {
        name: 'last',
        exit: 4,
        problem: { code: 'cancelled', message: '“last” was left alone, because the job was cancelled.' },
      },
    ])
    expect((await appsOf(home.env['PM2_HOME'] ?? '')).length).toBe(before.length)
  })
})
