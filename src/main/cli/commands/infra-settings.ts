/** `infra settings` and `infra set`: the configuration of PostgreSQL and PgBouncer. */
import { bytes } from '../../../shared/amounts'
import { serviceNames, serviceTitle, type ServiceName } from '../../../shared/infrastructure'
import { infrastructureSettingsJob } from '../../../shared/jobs/infrastructure'
import { proposalsFor } from '../../../shared/proposals'
import {
  serviceSettings,
  settingsOf,
  type Setting,
  type SettingState,
  type SettingValue,
} from '../../../shared/setting-list'
import { wrongUsage } from '../failure'
import type { Client } from '../engine'
import { endedOf, notesOf, succeed, withOperations } from '../operate'
import { table } from '../print/table'
import type { CommandSession, Result } from '../session'

export async function settings(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  return await shown(session, client)
}

/** @param changes e.g. `shared_buffers=512MB` */
export function set(session: CommandSession, service: ServiceName, changes: readonly string[]): Promise<Result> {
  const values = Object.fromEntries(changes.map(it => changeIn(service, it)))
  return withOperations(session, async services => {
    const state = await succeed(services, { kind: infrastructureSettingsJob.kind, service, values })
    const { data, lines = [] } = await shown(session, services.client)
    return { data: { operation: endedOf(state), settings: data }, lines: [...notesOf(state), ...lines] }
  })
}

/** @throws Failure: wrong usage */
function changeIn(service: ServiceName, text: string): readonly [key: string, value: number | null] {
  const [, name, given = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  const known = serviceSettings(service)
  const setting = known.find(it => it.service?.name === name)
  if (!setting)
    throw wrongUsage(
      name === undefined ? `“${text}” isn’t NAME=VALUE.` : `${serviceTitle[service]} has no setting “${name}” here.`,
      `It has ${known.map(it => it.service?.name).join(', ')}.`,
    )
  if (given === 'default') return [setting.key, null]
  const [, amount, unit] = /^(\d{1,9})(MB|GB)?$/.exec(given) ?? []
  if (amount === undefined || (unit !== undefined && setting.unit !== 'MB'))
    throw wrongUsage(
      `“${given}” isn’t a value of ${name}.`,
      `Use a whole number${setting.unit === 'MB' ? ', like 512MB or 2GB' : ''}, or “default”.`,
    )
  return [setting.key, Number(amount) * (unit === 'GB' ? 1024 : 1)]
}

async function shown(session: CommandSession, client: Client): Promise<Result> {
  const [states, { memory, adopted }] = await Promise.all([
    client.settings.list.query(),
    client.infrastructure.machine.query(),
  ])
  const proposals = proposalsFor(memory, settingsOf(states))
  const all = serviceNames.flatMap(serviceSettings)
  const stateOf = ({ key }: Setting): SettingState | undefined => states.find(it => it.key === key)
  const text = (value: SettingValue | undefined, { unit }: Setting): string =>
    value === undefined ? '-' : `${String(value)}${unit === undefined ? '' : ` ${unit}`}`
  const dim = (line: string): string => session.out.paint('dim', line)
  return {
    data: all.map(it => ({
      service: it.section,
      name: it.service?.name,
      ...stateOf(it),
      proposed: proposals[it.key],
      restarts: it.service?.restarts ?? [],
      adopted: adopted.some(name => name === it.section),
    })),
    lines: [
      ...table<Setting>(
        [
          { title: 'SERVICE', text: it => it.section ?? '' },
          { title: 'SETTING', text: it => it.service?.name ?? '' },
          { title: 'VALUE', text: it => text(stateOf(it)?.value, it) },
          { title: 'DEFAULT', text: it => text(stateOf(it)?.fallback.value, it) },
          { title: 'PROPOSED', text: it => text(proposals[it.key], it) },
          { title: 'RESTARTS', text: it => it.service?.restarts.join(', ') || '-' },
        ],
        all,
        dim,
      ),
      dim(`Proposed for this machine’s memory, ${bytes(memory)}.`),
      ...adopted.map(it => dim(`${serviceTitle[it]} was created elsewhere: it has its own configuration.`)),
    ],
  }
}
