/** The whole life of an instance by command line alone, on a driver. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InfrastructureStatus } from '../../../src/shared/infrastructure'
import type { InstanceList, InstanceView } from '../../../src/shared/instance'
import { login } from '../../support/workspace'
import { cliHome, type CliHome, type CliOptions } from './cli'

export function lifeSuite(options: CliOptions): void {
  let home: CliHome
  beforeAll(async () => {
    home = await cliHome(options)
  })
  afterAll(() => home.remove())

  it('init --sample → infra up → create → list → logs → port → stop → start → restart → delete → infra down', async () => {
    const made = await home.run('init --sample --json')
    expect(made).toMatchObject({
      exit: 0,
      ok: true,
      data: { check: { usable: true }, driver: options.driver ?? 'embedded' },
    })

    const down = await home.run(
      'create school --director-name Ada --director-email ada@school.example --generate-password',
    )
    expect(down.exit).toBe(4)
    expect(down.err).toContain('(infrastructure-stopped)')
    expect(down.err).toContain('instance-manager infra up')

    expect(await home.run('infra up')).toMatchObject({ exit: 0 })
    expect((await home.run('infra status --json')).data as InfrastructureStatus).toMatchObject({
      postgres: { state: 'running' },
      pgbouncer: { state: 'running' },
    })

    const created = await home.run(
      'create school --director-name "Ada O\'Brien" --director-email ada@school.example --director-password-stdin --json',
      'a quiet Wednesday 7\nnot this line\n',
    )
    expect(created).toMatchObject({ exit: 0, ok: true })
    expect(created.lines.map(it => it.type)).toEqual(
      expect.arrayContaining(['opened', 'doing', 'done', 'progress', 'output', 'settled', 'result']),
    )
    expect(created.out + created.err).not.toContain('quiet Wednesday')
    const { port } = (created.data as { instance: { port: number } }).instance
    expect(await login(port, 'ada@school.example', 'a quiet Wednesday 7')).toMatchObject({
      status: 200,
      name: "Ada O'Brien",
    })
    expect(await readFile(join(home.root, '.instance-manager/secrets.json'), 'utf8')).not.toContain('quiet Wednesday')

    expect(await home.run('doctor')).toMatchObject({ exit: 0, out: 'Everything is fine.\n' })
    const env = join(home.root, 'instances/school/server/.env')
    await writeFile(env, (await readFile(env, 'utf8')).replace(/^PORT=.*$/m, 'PORT=1'))
    const ill = await home.run('doctor school')
    expect(ill.exit).toBe(1)
    expect(ill.out).toMatch(/✗ +school +\.env +PORT differs from config\.json\.\n.*\n +Fix: Rewrite \.env\./)
    expect(await home.run('doctor --fix --json')).toMatchObject({ exit: 0, ok: true })
    expect(await readFile(env, 'utf8')).toContain(`PORT=${port}\n`)

    const listed = await home.run('list --json')
    expect((listed.data as InstanceList).instances).toMatchObject([
      { name: 'school', port, status: 'online', pooled: true },
    ])
    expect((await home.run('list')).out).toMatch(/NAME +STATUS +PORT.*\nschool +online/)
    expect((await home.run('releases list')).out).toMatch(
      /RELEASE +PREPARED +SIZE +USED BY\n[0-9a-f]{8} .* next instance · school\n/,
    )
    expect((await home.run('releases prune')).out).toBe('Nothing to remove: every release is in use or the newest.\n')
    expect((await home.run('status school')).out).toContain('school_db')
    expect((await home.run('status')).out).toMatch(/PostgreSQL +running[\s\S]+school +online/)

    const log = await home.run('logs school --grep LISTENS -i --json')
    expect(log.lines.filter(it => it.type === 'line')).toMatchObject([
      { text: expect.stringContaining('listens on') as string },
    ])
    expect((await home.run('infra logs postgres --lines 5')).exit).toBe(0)
    const cut = await home.run('settings set ports.pgbouncer 4321 --json')
    expect(cut).toMatchObject({ exit: 4, problem: { code: 'setting-needed', field: 'ports.pgbouncer' } })
    expect(cut.problem?.cause).toContain('“school”')

    const moved = await home.run(`port school ${port + 7}`)
    expect(moved).toMatchObject({ exit: 0, out: `school  http://127.0.0.1:${port + 7}\n` })
    expect(await statusOf(home)).toMatchObject({ port: port + 7, status: 'online' })

    const reset = await home.run('director school --new-email ada@new.example --json')
    expect(reset.data).toMatchObject({
      operation: { kind: 'change-director', phase: 'succeeded' },
      director: 'ada@new.example',
    })
    const { password } = reset.data as { password: string }
    expect((await login(port + 7, 'ada@new.example', password)).status).toBe(200)
    expect(await journalsOf(home)).not.toContain(password)
    const back = await home.run(
      'director school --account ada@new.example --new-email ada@school.example --password-stdin',
      'a quiet Wednesday 7\n',
    )
    expect(back.out).toBe('Director  ada@school.example\n')
    const unknown = await home.run('director school --account nobody@school.example')
    expect(unknown.err).toContain('No director has the email address nobody@school.example.')

    expect((await home.run('limits school --pool 8 --statement-timeout 2m --json')).data).toMatchObject({
      operation: { kind: 'limits', phase: 'succeeded' },
      limits: { pool: 8, statementSeconds: 120 },
      together: { used: 8, available: 790 },
    })
    expect((await home.run('limits school')).out).toMatch(
      /pool +8 +this instance +5\nstatement-timeout +120 s +this instance +none\n/,
    )

    const secret = await home.run('env school set MAIL_PASSWORD', 'p#1 "x"\n')
    expect(secret).toMatchObject({ exit: 0, out: 'This takes effect with the next restart.\n' })
    expect(secret.err).not.toContain('p#1')
    expect((await home.run('env school')).out).toMatch(
      /PORT +\d+ +Instance Manager\n[\s\S]*MAIL_PASSWORD +\(hidden\) +you/,
    )
    expect((await home.run('env school get MAIL_PASSWORD')).out).toBe('p#1 "x"\n')
    expect((await home.run('env school set LOG_LEVEL=debug --all --json')).data).toMatchObject([
      { name: 'school', exit: 0 },
    ])
    expect((await home.run('env school undo --restart --json')).data).toMatchObject({
      operation: { phase: 'succeeded' },
    })
    expect((await home.run('env school get LOG_LEVEL')).exit).toBe(4)
    expect(await home.run('env school unset PORT')).toMatchObject({ exit: 4 })
    expect(await home.run('env school set 1A=x')).toMatchObject({ exit: 2 })
    expect((await home.run('infra status')).out).toMatch(/PostgreSQL\n[\s\S]+max_connections +800/)
    expect((await home.run('infra set postgres work_mem=8MB max_connections=400 --json')).data).toMatchObject({
      operation: { kind: 'infrastructure-settings', phase: 'succeeded' },
    })
    expect((await home.run('infra set pgbouncer default_pool_size=6 --json')).ok).toBe(true)
    expect((await home.run('infra settings')).out).toMatch(
      /max_connections +400 +800 +\d+ +postgres, pgbouncer\n[\s\S]+work_mem +8 MB +4 MB[\s\S]+default_pool_size +6 +5/,
    )
    expect((await home.run('infra status')).out).toMatch(
      /max_connections +400\n[\s\S]+work_mem +8MB\n[\s\S]+default_pool_size +6\n/,
    )
    expect((await home.run('infra set postgres shared_buffer=1GB')).err).toContain(
      'It has max_connections, shared_buffers',
    )
    expect((await home.run('infra restart pgbouncer --json')).data).toMatchObject({
      operations: [{ kind: 'infrastructure-restart', phase: 'succeeded' }],
      infrastructure: { postgres: { state: 'running' }, pgbouncer: { state: 'running' } },
    })
    const stopped = await home.run('infra down postgres')
    expect(stopped.err).toContain('One running instance will lose access to the database: school.')
    expect(stopped.out).toMatch(/PostgreSQL +stopped[\s\S]+PgBouncer +running/)
    expect(await home.run('infra down --stop-instances')).toMatchObject({ exit: 0 })
    expect(await statusOf(home)).toMatchObject({ status: 'stopped' })
    expect((await home.run('infra up --json')).data).toMatchObject({ instances: [{ name: 'school', exit: 0 }] })
    expect(await statusOf(home)).toMatchObject({ status: 'online' })

    expect(await home.run('stop school')).toMatchObject({ exit: 0 })
    expect(await statusOf(home)).toMatchObject({ status: 'stopped' })
    expect(await home.run('start school')).toMatchObject({ exit: 0 })
    expect(await home.run('restart --all --json')).toMatchObject({
      exit: 0,
      ok: true,
      data: [{ name: 'school', exit: 0 }],
    })
    expect(await statusOf(home)).toMatchObject({ status: 'online' })
    expect((await login(port + 7, 'ada@school.example', 'a quiet Wednesday 7')).status).toBe(200)

    expect(await home.run('delete school')).toMatchObject({ exit: 2 })
    expect(await home.run('delete school --confirm school')).toMatchObject({ exit: 0 })
    expect(((await home.run('list --json')).data as InstanceList).instances).toEqual([])
    const operations = await home.run('operations')
    expect(operations.out).toMatch(/Create “school” +done[\s\S]+Delete “school” +done/)

    expect(await home.run('infra down')).toMatchObject({ exit: 0 })
    expect((await home.run('infra status')).out).toMatch(/PostgreSQL +stopped/)
  }, 600_000)
}

/** The text of all journals. */
async function journalsOf(home: CliHome): Promise<string> {
  const folder = join(home.root, '.instance-manager/operations')
  return (await Promise.all((await readdir(folder)).map(it => readFile(join(folder, it), 'utf8')))).join('')
}

async function statusOf(home: CliHome): Promise<InstanceView | undefined> {
  return ((await home.run('list --json')).data as InstanceList).instances.find(it => it.name === 'school')
}
