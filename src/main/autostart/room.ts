/** Whether the workspace starts after a reboot, and the switch for it (docs/decisions/0046-start-after-a-reboot.md). */
import { homedir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import type { AutostartStatus } from '../../shared/autostart'
import { problem } from '../../shared/problem'
import { exists, isExecutable } from '../system/files'
import type { Run } from '../system/run'
import { SerialQueue } from '../system/serial-queue'
import { isSystemd } from '../system/systemd'
import { crontab } from './crontab'
import { entryOf, type AutostartRecord, type EntryBase } from './entry'
import { idle, type Machine, type Starter } from './starter'
import { systemdUnit } from './unit'

export interface Autostart {
  /** Changes nothing, and needs no lock. @throws Problems `autostart-foreign`, `autostart-failed` */
  status(): Promise<AutostartStatus>
  /**
   * Turns it on (or sets it up again) or off. @returns the new status
   * @throws as `status`; Problems `autostart-unavailable`, `autostart-path`
   */
  change(on: boolean): Promise<AutostartStatus>
}

const thisMachine = (): Machine => ({ root: '/', home: homedir(), ...userInfo() })

export function autostartRoom(base: EntryBase & { readonly run: Run }, machine = thisMachine()): Autostart {
  const { run, identity } = base
  const changes = new SerialQueue()

  /** @throws Problem `autostart-unavailable` */
  async function starter(): Promise<Starter> {
    if (await isSystemd(machine.root)) return systemdUnit(run, { id: identity.id, path: base.paths.root }, machine)
    if (await onPath('crontab')) return crontab(run, identity.id)
    throw problem({
      code: 'autostart-unavailable',
      message: 'Nothing on this machine can start the workspace after a reboot.',
      cause: 'It has neither systemd nor cron.',
      hint: 'Install cron: “sudo apt-get install cron” (Debian, Ubuntu) or “sudo dnf install cronie” (Fedora). Then try again.',
    })
  }

  async function status(): Promise<AutostartStatus> {
    const { by, find } = await starter()
    const found = await find()
    if (!found) return { state: 'off', by }
    const wrong = found.idle ?? (found.record && (await whyOutdated(found.record, base.paths.root)))
    return { state: wrong ? 'stale' : 'on', by, file: found.file, problem: wrong ?? found.doubt }
  }

  return {
    status,
    change: on =>
      changes.run(async () => {
        const { put, remove } = await starter()
        await (on ? put(entryOf(base)) : remove())
        return await status()
      }),
  }
}

/** Why the command that was set up wouldn't start this workspace. */
async function whyOutdated({ path, node, script }: AutostartRecord, root: string) {
  if (path !== root) return idle(`The workspace was at ${path} then.`)
  for (const it of [node, script]) if (!(await exists(it))) return idle(`It runs ${it}, which no longer exists.`)
  return undefined
}

async function onPath(name: string): Promise<boolean> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return (await Promise.all(folders.map(it => isExecutable(join(it, name))))).some(Boolean)
}
