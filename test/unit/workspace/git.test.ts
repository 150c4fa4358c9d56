/** What git knows about the base application, in real repositories. */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { exists } from '../../../src/main/system/files'
import { createRun } from '../../../src/main/system/run'
import { commitsSince, headCommit } from '../../../src/main/workspace/git'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

const run = createRun(randomUUID())
const manifest = manifestSchema.parse({})
let root: string
let minute = 0

beforeEach(async () => {
  root = await temporary()
  minute = 0
})

const git = (...args: readonly string[]): string => {
  const at = new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString()
  return execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_DATE: at,
      GIT_COMMITTER_DATE: at,
      ...Object.fromEntries(
        ['AUTHOR', 'COMMITTER'].flatMap(it => [
          [`GIT_${it}_NAME`, 'Ada'],
          [`GIT_${it}_EMAIL`, 'a@b.c'],
        ]),
      ),
    },
  }).trim()
}

async function commit(path: string, subject: string): Promise<string> {
  minute++
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), subject)
  git('add', '--', path)
  git('commit', '--quiet', '--message', subject)
  return git('rev-parse', 'HEAD')
}

const repository = async (): Promise<string> => {
  git('init', '--quiet', '--initial-branch', 'main')
  await commit('client/index.html', 'First')
  return commit('server/index.js', 'Second')
}
const since = (release: string | undefined) =>
  commitsSince({ run, root, manifest }, { commit: release, time: '2026-01-01T12:02:30.000Z' })

it('lists the commits since a release’s that touch the base application, newest first', async () => {
  const before = await repository()
  await commit('README.md', 'Not of the application')
  await commit('client/app.js', 'Third, “quoted”: ünï\u202ecode')
  const head = await commit('server/routes/a.js', 'Fourth')
  expect(await headCommit({ run, root, manifest })).toBe(head)
  expect(await since(before)).toEqual({
    since: 'commit',
    count: 2,
    gone: 0,
    newest: [
      { id: head.slice(0, 7), subject: 'Fourth', at: '2026-01-01T12:05:00.000Z' },
      {
        id: expect.stringMatching(/^[0-9a-f]{7}$/),
        subject: 'Third, “quoted”: ünï\ufffdcode',
        at: '2026-01-01T12:04:00.000Z',
      },
    ],
  })
  expect(await since(head)).toMatchObject({ count: 0, newest: [] })
})

it('counts commits that a switch to another branch took away', async () => {
  const before = await repository()
  git('switch', '--quiet', '--create', 'feature')
  await commit('server/feature.js', 'Of the branch')
  const release = await commit('server/feature.js', 'Of the branch again')
  git('switch', '--quiet', 'main')
  expect(await since(release)).toMatchObject({ count: 0, gone: 2 })
  await commit('server/fix.js', 'Fix')
  expect(await since(release)).toMatchObject({ count: 1, gone: 2, newest: [{ subject: 'Fix' }] })
  expect(await since(before)).toMatchObject({ count: 1, gone: 0 })
})

it('goes by the time where the commit is unknown or gone', async () => {
  await repository()
  await commit('server/later.js', 'Later')
  for (const it of [undefined, '0123456789012345678901234567890123456789'])
    expect(await since(it)).toMatchObject({ since: 'time', count: 1, newest: [{ subject: 'Later' }] })
})

it('is silent without a repository, without git, and where the repository doesn’t have the base application', async () => {
  expect([await headCommit({ run, root, manifest }), await since(undefined)]).toEqual([undefined, undefined])
  git('init', '--quiet')
  expect(await headCommit({ run, root, manifest })).toBeUndefined()
  await commit('README.md', 'Only this')
  expect([await headCommit({ run, root, manifest }), await since(undefined)]).toEqual([undefined, undefined])
  await commit('server/index.js', 'Server')
  expect(await headCommit({ run, root, manifest })).toBeDefined()
  const missing: typeof run = (_, ...rest) => run('no-such-git', ...rest)
  expect(await headCommit({ run: missing, root, manifest })).toBeUndefined()
})

it('runs nothing that the repository’s own configuration names', async () => {
  const before = await repository()
  await commit('server/index.js', 'Changed')
  const trap = join(root, 'trap')
  const sprung = join(root, 'sprung')
  await writeFile(trap, `#!/bin/sh\ntouch ${sprung}\ncat\n`)
  await chmod(trap, 0o755)
  for (const it of [
    'core.fsmonitor',
    'core.pager',
    'diff.external',
    'diff.x.textconv',
    'filter.x.clean',
    'filter.x.smudge',
    'gpg.program',
    'core.sshCommand',
    'core.editor',
    'credential.helper',
  ])
    git('config', it, trap)
  git('config', 'log.showSignature', 'true')
  git('config', 'core.hooksPath', root)
  await writeFile(join(root, '.gitattributes'), '* filter=x diff=x\n')
  await writeFile(join(root, 'server/index.js'), 'edited')
  expect(await since(before)).toMatchObject({ count: 1 })
  expect(await exists(sprung)).toBe(false)
  git('-c', 'core.pager=cat', 'status') // the trap works
  expect(await exists(sprung)).toBe(true)
})

// Git refuses a repository of another user, and root mustn't run what it names.
it.runIf(process.geteuid?.() === 0)('root reads another user’s repository as that user', async () => {
  const before = await repository()
  await commit('server/index.js', 'Changed')
  await chmod(root, 0o755)
  execFileSync('chown', ['-R', '65534:65534', root])
  const users: unknown[] = []
  const watched: typeof run = (file, args, options) => {
    users.push(options.user)
    return run(file, args, options)
  }
  expect(await commitsSince({ run: watched, root, manifest }, { commit: before, time: '' })).toMatchObject({ count: 1 })
  expect(new Set(users.map(it => JSON.stringify(it)))).toEqual(new Set(['{"uid":65534,"gid":65534}']))
})

it('stops with its signal', async () => {
  await repository()
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(headCommit({ run, root, manifest, signal })).rejects.toThrow('enough')
})
