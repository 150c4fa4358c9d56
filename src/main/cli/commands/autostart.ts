/** `autostart`: turns the start after a reboot on or off, or shows whether it is on. */
import { autostartBy, type AutostartStatus } from '../../../shared/autostart'
import { exitCodes } from '../exit-codes'
import { cleanLine } from '../print/clean'
import type { CommandSession, Result } from '../session'

export async function autostart(session: CommandSession, what: 'on' | 'off' | 'status'): Promise<Result> {
  const { client } = await session.engine(what === 'status' ? 'look' : 'change')
  const status = await (what === 'status'
    ? client.autostart.status.query()
    : client.autostart.change.mutate({ on: what === 'on' }))
  return {
    exit: status.state === 'stale' ? exitCodes.failed : exitCodes.done,
    data: status,
    lines: [sentence(status)],
    problem: status.problem,
  }
}

function sentence({ state, by, file }: AutostartStatus): string {
  if (state === 'off' || by === undefined)
    return 'Off: after a reboot, start everything with “instance-manager resurrect”.'
  const where = `${autostartBy[by]}${file === undefined ? '' : ` (${cleanLine(file)})`}`
  return state === 'on' ? `On: ${where} starts this workspace after a reboot.` : `Stale: ${where}.`
}
