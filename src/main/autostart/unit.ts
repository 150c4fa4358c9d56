/** A systemd unit that starts the workspace: the user's own with lingering or, as root, the system's. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { problem } from '../../shared/problem'
import { baseEnvironment } from '../system/environment'
import { existsItself, makeFolder, readIfExists, writeFileAtomic } from '../system/files'
import type { Run } from '../system/run'
import { lingers, unitCommand, unitWord } from '../system/systemd'
import { recordIn, recordLine, type Entry } from './entry'
import { idle, saidNo, type Machine, type Starter } from './starter'

/** Milliseconds for a question to systemd. */
const timeout = 20_000

/** What systemd starts at boot: for the system, and for a user. */
const targets = { system: 'multi-user.target', user: 'default.target' } as const

/** @param workspace its id */
export function systemdUnit(run: Run, workspace: string, { root, home, uid, username }: Machine): Starter {
  const scope = uid === 0 ? 'system' : 'user'
  const folder = scope === 'system' ? join(root, 'etc/systemd/system') : join(home, '.config/systemd/user')
  const name = `instance-manager-${workspace.slice(0, 8)}.service`
  const file = join(folder, name)
  const env = { XDG_RUNTIME_DIR: `/run/user/${uid}`, ...baseEnvironment() } // it isn't set after `su`
  const systemctl = (...args: string[]): Promise<string> =>
    run('systemctl', [...(scope === 'user' ? ['--user'] : []), '--no-ask-password', ...args], { env, timeout })

  /** @throws Problem `autostart-foreign` */
  async function record() {
    const text = await readIfExists(file)
    if (text === undefined) return undefined
    const found = recordIn(text.split('\n', 1)[0] ?? '')
    if (found?.workspace === workspace) return found
    throw problem({
      code: 'autostart-foreign',
      message: `${file} isn’t ours.`,
      cause: 'Its first line doesn’t say that Instance Manager created it for this workspace.',
      hint: 'It was left as it is. Move it away, then try again.',
    })
  }

  async function whyIdle(): Promise<string | undefined> {
    if (!(await existsItself(join(folder, `${targets[scope]}.wants`, name)))) return `The unit ${name} is disabled.`
    if (scope === 'user' && !(await lingers(username, root)))
      return `Lingering is disabled for ${username}, so the unit only starts at your first login.`
    return undefined
  }

  /** Units that systemd can't use are enabled all the same. @throws Problem `autostart-failed` */
  async function requireLoaded(): Promise<void> {
    const state = (await systemctl('show', '--property=LoadState', '--value', name)).trim()
    if (state === 'loaded') return
    await systemctl('disable', name)
    throw new Error(`Its state is “${state}”.`)
  }

  const linger = (): Promise<unknown> =>
    run('loginctl', ['--no-ask-password', 'enable-linger', username], { env, timeout }).catch(
      saidNo(
        `Services of ${username} may not run without a login here.`,
        `Have an administrator run “sudo loginctl enable-linger ${username}”, then try again.`,
      ),
    )

  return {
    by: `${scope}-unit`,
    file,
    async find() {
      const found = await record()
      if (!found) return undefined
      const why = await whyIdle()
      return { record: found, ...(why !== undefined && { idle: idle(why) }) }
    },
    async put(entry) {
      await record()
      if (scope === 'user' && !(await lingers(username, root))) await linger()
      await makeFolder(dirname(file))
      await writeFileAtomic(file, unitText(entry, scope), 0o600)
      try {
        await systemctl('daemon-reload')
        await systemctl('enable', name)
        await requireLoaded()
      } catch (error) {
        await rm(file, { force: true })
        saidNo('systemd didn’t accept the unit.')(error)
      }
    },
    async remove() {
      if (!(await record())) return
      await systemctl('disable', name).catch(saidNo('systemd couldn’t disable the unit.'))
      await rm(file, { force: true })
      await systemctl('daemon-reload').catch(saidNo('The unit was removed, but systemd hasn’t noticed.'))
    },
  }
}

/** The reasons for its settings are in docs/decisions/0046-start-after-a-reboot.md. */
export function unitText({ record, words, environment }: Entry, scope: keyof typeof targets): string {
  const shown = record.path.replace(/\p{Cc}/gu, ' ').replaceAll('%', '%%')
  return [
    recordLine(record),
    '[Unit]',
    `Description=Instance Manager (“${shown}”)`,
    ...(scope === 'system'
      ? ['After=network.target docker.service', `RequiresMountsFor=${unitWord(record.path)}`]
      : []),
    '',
    '[Service]',
    '# It ends once everything has been started. What it started outlives it.',
    'Type=oneshot',
    'RemainAfterExit=yes',
    'KillMode=process',
    ...(scope === 'system' ? ['User=root'] : []), // gives it HOME
    ...Object.entries(environment).map(([key, value]) => `Environment=${unitWord(`${key}=${value}`)}`),
    `ExecStart=${unitCommand(words)}`,
    '',
    '[Install]',
    `WantedBy=${targets[scope]}`,
    '',
  ].join('\n')
}
