/** This machine's system users, for programs that must not run as our own user. Linux only, as root. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { problem } from '../../shared/problem'
import { baseEnvironment } from './environment'
import { allPids, kill } from './proc'
import type { Run } from './run'
import { waitFor } from './wait'

export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** The GECOS field in /etc/passwd. */
  readonly comment: string
  readonly home: string
}

/** Whether we may create users, and run programs as them. */
export const isRoot = (): boolean => process.getuid?.() === 0

export async function findUser(name: string): Promise<SystemUser | undefined> {
  const [, , uid, gid, comment, home] = (await entryOf('/etc/passwd', name)) ?? []
  return uid === undefined
    ? undefined
    : { name, uid: Number(uid), gid: Number(gid), comment: comment ?? '', home: home ?? '/' }
}

/** Whether both the user and its group exist; a crash can leave only the user. */
export async function isWhole({ name, gid }: SystemUser): Promise<boolean> {
  const [, , number] = (await entryOf('/etc/group', name)) ?? []
  return Number(number) === gid
}

/**
 * Creates a user without a password, shell or home, in its own group. Lock its account next.
 * @throws Problem `command-failed`, `command-missing`
 */
export async function addUser(
  run: Run,
  { name, comment, home }: Pick<SystemUser, 'name' | 'comment' | 'home'>,
): Promise<void> {
  await run(
    'useradd',
    [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      home,
      '--shell',
      '/usr/sbin/nologin',
      '--comment',
      comment,
      name,
    ],
    options(),
  )
}

/**
 * Makes the account expire, so that PAM refuses cron and at jobs, su and logins. Starting a program with its user id
 * doesn't involve PAM. A separate step, because `useradd --system` ignores `--expiredate`. Safe to repeat.
 * @throws as `addUser`
 */
export async function lockAccount(run: Run, name: string): Promise<void> {
  // days since 1970; the value that passwd(1) recommends for this
  await run('usermod', ['--expiredate', '1', name], options())
}

/** Where cron and at keep users' jobs on Debian and Fedora. Files there belong to the user or have its name. */
const spools = ['/var/spool/cron', '/var/spool/at']

/**
 * Deletes a user with its group, crontab and at jobs, because its id may be reused. Its processes must have ended. Does
 * nothing if it is gone. @throws as `addUser`
 */
export async function deleteUser(run: Run, { name, uid }: Pick<SystemUser, 'name' | 'uid'>): Promise<void> {
  const there = spools.filter(it => existsSync(it))
  if (there.length > 0)
    await run(
      'find',
      ['-P', ...there, '-type', 'f', '(', '-user', String(uid), '-o', '-name', name, ')', '-delete'],
      options(),
    )
  await run('userdel', [name], options(missing))
  await run('groupdel', [name], options(missing)) // userdel keeps it if login.defs says so
}

const missing = 6 // userdel's and groupdel's exit code if there is none with that name

const options = (...answers: number[]) => {
  const env = baseEnvironment()
  return { env: { ...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` }, timeout: 30_000, answers }
}

const endsWithin = 10_000 // ms; a process waiting for a disk ends only afterwards

/**
 * Ends all of a user's processes, however they were started, and returns when they are gone. Processes started as that
 * user meanwhile may stay.
 * @throws Problem `process-not-stopped`
 */
export async function endProcessesOf(run: Run, { uid, gid }: Pick<SystemUser, 'uid' | 'gid'>): Promise<void> {
  if (!(uid > 0)) throw new Error(`the processes of user ${uid} are never ended`)
  // The kernel ends them all at once: a list of processes that keep forking would be out of date at once. Fails if the
  // user has reached its limit of processes.
  const hitAll = await run('/bin/sh', ['-c', 'kill -KILL -1'], {
    user: { uid, gid },
    cwd: '/',
    env: {},
    timeout: endsWithin,
    answers: [noProcess],
  }).then(
    () => true,
    () => false,
  )
  let pids: number[] | undefined
  const ended = await waitFor(
    async () => {
      const before = pids
      pids = (await processesOf(uid)).filter(it => !hitAll || !before || before.includes(it))
      for (const it of pids) kill(it)
      return pids.length === 0
    },
    { every: 20, timeout: endsWithin },
  )
  if (ended) return
  throw problem({
    code: 'process-not-stopped',
    message: `Process ${pids?.join(', ')} can’t be stopped.`,
    cause: 'It survived SIGKILL: it is waiting for a disk or a network file system.',
    hint: 'Try again later, or restart the machine.',
  })
}

const noProcess = 1 // kill's exit code if there is none that it may signal

async function processesOf(uid: number): Promise<number[]> {
  const found = await Promise.all(
    (await allPids()).map(async pid => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [] // real, effective, saved, of the file system
      return uids.includes(String(uid)) ? [pid] : []
    }),
  )
  return found.flat()
}

async function entryOf(file: string, name: string): Promise<string[] | undefined> {
  return (await readFile(file, 'utf8'))
    .split('\n')
    .find(it => it.startsWith(`${name}:`))
    ?.split(':')
}
