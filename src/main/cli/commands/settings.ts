/** `settings`: shows and changes settings. */
import {
  allSettings,
  settingOf,
  valueOf,
  type Setting,
  type SettingOrigin,
  type SettingState,
  type SettingValue,
} from '../../../shared/setting-list'
import { cleanLine } from '../print/clean'
import { table } from '../print/table'
import type { Result, CommandSession } from '../session'

export async function get(session: CommandSession, key: string | undefined): Promise<Result> {
  const chosen = allSettings.filter(it => key === undefined || it.section === key)
  const one = chosen.length > 0 ? undefined : settingOf(key ?? '')
  const { client } = await session.engine('look')
  const states = await client.settings.list.query()
  if (one) {
    const state = stateOf(states, one)
    return { data: state, lines: state.value === undefined ? [] : [cleanLine(String(state.value))] }
  }
  return {
    data: chosen.map(it => stateOf(states, it)),
    lines: table<Setting>(
      [
        { title: 'SETTING', text: it => it.key },
        { title: 'VALUE', text: it => shown(stateOf(states, it).value, it) },
        { title: 'SET BY', text: it => setBy[stateOf(states, it).origin] },
        { title: 'DEFAULT', text: it => shown(stateOf(states, it).fallback.value, it) },
      ],
      chosen,
      text => session.out.paint('dim', text),
    ),
  }
}

export const set = (session: CommandSession, key: string, text: string): Promise<Result> =>
  change(session, key, it => valueOf(it, text))

export const unset = (session: CommandSession, key: string): Promise<Result> => change(session, key, () => null)

async function change(session: CommandSession, key: string, to: (it: Setting) => SettingValue | null): Promise<Result> {
  const setting = settingOf(key)
  const { client } = await session.engine('change')
  const state = stateOf(await client.settings.change.mutate({ [key]: to(setting) }), setting)
  return {
    data: state,
    lines: [
      `${key} is ${shown(state.value, setting)} (${setBy[state.origin]}).`,
      session.out.paint('dim', setting.effect),
    ],
  }
}

const setBy: Readonly<Record<SettingOrigin, string>> = {
  workspace: 'this workspace',
  site: 'the site',
  product: 'default',
}

const shown = (value: SettingValue | undefined, { unit }: Setting): string =>
  value === undefined ? '-' : `${cleanLine(String(value))}${unit === undefined ? '' : ` ${unit}`}`

function stateOf(states: readonly SettingState[], { key }: Setting): SettingState {
  const found = states.find(it => it.key === key)
  if (!found) throw new Error(`The running Instance Manager doesn’t know ${key}: it is an older version.`)
  return found
}
