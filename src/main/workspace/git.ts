/**
 * What git knows about the base application, if the workspace is in a repository. Only plumbing commands that read
 * commits and trees: they run no hook, filter, pager, external diff or signature check of the repository's own
 * configuration, and fetch nothing.
 */
import { stat } from 'node:fs/promises'
import { invisible, replacement } from '../../shared/invisible'
import type { Commit, Commits } from '../../shared/rebuild-review'
import type { Manifest } from '../../shared/workspace'
import type { Run } from '../system/run'

/** Milliseconds. Counting the commits of a repository with 100,000 takes two seconds. */
const timeout = 10_000

/** How many commits are listed. */
const listed = 20

const deceptive = new RegExp(`[\\p{Cc}${invisible}]`, 'gu')

/** How many characters of a subject are kept. */
const longest = 200

interface Repository {
  readonly run: Run
  /** The workspace. */
  readonly root: string
  readonly manifest: Manifest
  readonly signal?: AbortSignal | undefined
}

/** The commit that is checked out; undefined without git, or if no repository contains the base application. */
export async function headCommit({ root, manifest, ...how }: Repository): Promise<string | undefined> {
  const out = await git({ root, manifest, ...how }, 'rev-parse', 'HEAD', `HEAD:./${manifest.server.folder}`)
  return out?.split('\n')[0]
}

/** The commits since a release was prepared. @param before its commit, if known, and its time (ISO 8601) */
export async function commitsSince(
  repository: Repository,
  before: { readonly commit?: string | undefined; readonly time: string },
): Promise<Commits | undefined> {
  if ((await headCommit(repository)) === undefined) return undefined
  const sinceTime = `--since=@${Math.floor(Date.parse(before.time) / 1000)} +0000`
  const byCommit = before.commit === undefined ? undefined : await look(repository, [`${before.commit}...HEAD`])
  if (byCommit) return { ...byCommit, since: 'commit' }
  const byTime = await look(repository, [sinceTime, 'HEAD'])
  return byTime && { ...byTime, since: 'time' }
}

/** @param range revisions; where it is symmetric, commits on its left are gone */
async function look(repository: Repository, range: readonly string[]): Promise<Omit<Commits, 'since'> | undefined> {
  const { server, client } = repository.manifest
  const folders = ['--', server.folder, client.folder]
  const [counts, list] = await Promise.all([
    git(repository, 'rev-list', '--left-right', '--count', ...range, ...folders),
    git(
      repository,
      'rev-list',
      '--right-only',
      `--max-count=${listed}`,
      '--encoding=UTF-8',
      '--format=%h %ct %s',
      ...range,
      ...folders,
    ),
  ])
  const [gone = 0, count = 0] = counts?.split(/\s+/).map(Number) ?? []
  return counts === undefined ? undefined : { newest: list?.split('\n').flatMap(commitIn) ?? [], count, gone }
}

/** Parses a line of the list. git precedes each commit with another line, which is ignored. */
function commitIn(line: string): Commit[] {
  const [, id, seconds, subject = ''] = /^([0-9a-f]+) (\d+) (.*)$/.exec(line) ?? []
  if (id === undefined) return []
  return [
    {
      id,
      subject: subject.slice(0, longest).replace(deceptive, replacement),
      at: new Date(Number(seconds) * 1000).toISOString(),
    },
  ]
}

/**
 * Root reads a repository as its owner: git refuses other users' repositories, and this way nothing in one can make
 * root run a program.
 * @returns undefined if git fails or isn't installed @throws the signal's reason
 */
async function git({ run, root, signal }: Repository, ...args: readonly string[]): Promise<string | undefined> {
  try {
    const { uid, gid } = await stat(root)
    const other = process.geteuid?.() === 0 && uid !== 0
    const out = await run('git', ['-C', root, ...safe, ...args], {
      cwd: '/',
      env: environment(),
      signal,
      timeout,
      ...(other && { user: { uid, gid } }),
    })
    return out.trim()
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

const safe = [
  '--no-pager',
  '--no-optional-locks',
  '--no-replace-objects',
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsmonitor=false',
]

/** Nothing inherited: no `GIT_…` that would lead git to another repository, and none of this user's configuration. */
const environment = () => ({
  PATH: process.env['PATH'] ?? '',
  LC_ALL: 'C.UTF-8',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  /** In a partial clone, git would fetch what is missing. */
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
})
