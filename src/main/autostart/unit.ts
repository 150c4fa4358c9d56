/** A systemd unit that starts the workspace: the user's own with lingering or, as root, the system's. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { problem } from '../../shared/problem'
import { baseEnvironment } from '../system/environment'
import { exists, existsItself, makeFolder, readIfExists, writeFileAtomic } from '../system/files'
import type { Run } from '../system/run'
import { bootTargets, startUnit, type UnitScope } from '../system/start-unit'
import { lingers, unitCommand, unitInstance, unitWord } from '../system/systemd'
import { recordIn, recordLine, type Entry } from './entry'
import { idle, saidNo, type Machine, type Starter } from './starter'

/** Milliseconds for a question to systemd. */
const timeout = 20_000

export function systemdUnit(
  run: Run,
  workspace: { readonly id: string; readonly path: string },
  { root, home, uid, username }: Machine,
): Starter {
  const scope = uid === 0 ? 'system' : 'user'
  const folder = scope === 'system' ? join(root, 'etc/systemd/system') : join(home, '.config/systemd/user')
  const name = `instance-manager-${workspace.id.slice(0, 8)}.service`
  /** The package's, which does the same for any folder. */
  const packaged = `instance-manager@${unitInstance(workspace.path)}.service`
  const file = join(folder, name)
  const env = { XDG_RUNTIME_DIR: `/run/user/${uid}`, ...baseEnvironment() } // it isn't set after `su`
  const systemctl = (...args: string[]): Promise<string> =>
    run('systemctl', [...(scope === 'user' ? ['--user'] : []), '--no-ask-password', ...args], { env, timeout })

  /** @throws Problem `autostart-foreign` */
  async function record() {
    const text = await readIfExists(file)
    if (text === undefined) return undefined
    const found = recordIn(text.split('\n', 1)[0] ?? '')
    if (found?.workspace === workspace.id) return found
    throw problem({
      code: 'autostart-foreign',
      message: `${file} isn’t ours.`,
      cause: 'Its first line doesn’t say that Instance Manager created it for this workspace.',
      hint: 'It was left as it is. Move it away, then try again.',
    })
  }

  /** What systemd follows if a unit is enabled. */
  const link = (unit: string): string => join(folder, `${bootTargets[scope]}.wants`, unit)

  async function whyIdle(unit: string): Promise<string | undefined> {
    if (!(await existsItself(link(unit)))) return `The unit ${unit} is disabled.`
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

  async function disablePackaged(): Promise<void> {
    if (await exists(link(packaged))) await systemctl('disable', packaged)
  }
  const refused = 'systemd couldn’t disable the unit.'

  const linger = (): Promise<unknown> =>
    run('loginctl', ['--no-ask-password', 'enable-linger', username], { env, timeout }).catch(
      saidNo(
        `Services of ${username} may not run without a login here.`,
        `Have an administrator run “sudo loginctl enable-linger ${username}”, then try again.`,
      ),
    )

  return {
    by: `${scope}-unit`,
    async find() {
      const ours = await record()
      if (!ours && !(await exists(link(packaged)))) return undefined
      const why = await whyIdle(ours ? name : packaged)
      return {
        ...(ours ? { record: ours, file } : { file: link(packaged) }),
        ...(why !== undefined && { idle: idle(why) }),
      }
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
        await disablePackaged() // one start is enough
      } catch (error) {
        await rm(file, { force: true })
        saidNo('systemd didn’t accept the unit.')(error)
      }
    },
    async remove() {
      await disablePackaged().catch(saidNo(refused))
      if (!(await record())) return
      await systemctl('disable', name).catch(saidNo(refused))
      await rm(file, { force: true })
      await systemctl('daemon-reload').catch(saidNo('The unit was removed, but systemd hasn’t noticed.'))
    },
  }
}

/** The unit of one workspace. */
export function unitText({ record, words, environment }: Entry, scope: UnitScope): string {
  return [
    recordLine(record),
    startUnit(scope, {
      shown: record.path.replace(/\p{Cc}/gu, ' ').replaceAll('%', '%%'),
      path: unitWord(record.path),
      environment: Object.entries(environment).map(([key, value]) => unitWord(`${key}=${value}`)),
      command: unitCommand(words),
    }),
  ].join('\n')
}
