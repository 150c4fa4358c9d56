/** System users of this machine, for programs that must not run as ours. Linux, as root. */
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
  /** What /etc/passwd says of it (the field GECOS). */
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

/** The user and the group of its name are both there; a crash can leave only the first. */
export async function isWhole({ name, gid }: SystemUser): Promise<boolean> {
  const [, , number] = (await entryOf('/etc/group', name)) ?? []
  return Number(number) === gid
}

/**
 * Creates a user without a password, a shell or a home of its own, in a group of its own. Lock its account next.
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
 * Makes the account expire, so that PAM refuses it: no cron or at job, no su, no login. Starting a program with its
 * number doesn't ask PAM. A step of its own, because `useradd --system` ignores `--expiredate`. May be done again.
 * @throws as `addUser`
 */
export async function lockAccount(run: Run, name: string): Promise<void> {
  // days since 1970; passwd(1) names this value for the purpose
  await run('usermod', ['--expiredate', '1', name], options())
}

/** Where cron and at keep users' jobs on Debian and Fedora. A user's files there are its own, or have its name. */
const spools = ['/var/spool/cron', '/var/spool/at']

/**
 * Deletes a user with its group, crontab and at jobs: its number may go to another. Its processes must have ended.
 * Nothing to do if it is gone. @throws as `addUser`
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
  await run('groupdel', [name], options(missing)) // userdel keeps it where login.defs says so
}

const missing = 6 // userdel's and groupdel's exit code: there is none of that name

const options = (...answers: number[]) => {
  const env = baseEnvironment()
  return { env: { ...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` }, timeout: 30_000, answers }
}

const patience = 10_000 // ms; what waits for a disk ends only after that

/**
 * Ends every process of a user, however it was started, and returns when all are gone. One that something else starts
 * as that user meanwhile may stay.
 * @throws Problem `process-not-stopped`
 */
export async function endProcessesOf(run: Run, { uid, gid }: Pick<SystemUser, 'uid' | 'gid'>): Promise<void> {
  if (!(uid > 0)) throw new Error(`the processes of user ${uid} are never ended`)
  // All at once, by the kernel: a process that keeps forking is gone before any list of it could be used. Fails where
  // the user may start no more processes.
  const hitAll = await run('/bin/sh', ['-c', 'kill -KILL -1'], {
    user: { uid, gid },
    cwd: '/',
    env: {},
    timeout: patience,
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
    { every: 20, timeout: patience },
  )
  if (ended) return
  throw problem({
    code: 'process-not-stopped',
    message: `Process ${pids?.join(', ')} can’t be stopped.`,
    cause: 'It survived SIGKILL: it is waiting for a disk or a network file system.',
    hint: 'Try again later, or restart the machine.',
  })
}

const noProcess = 1 // kill's exit code: there is none that it may signal

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
