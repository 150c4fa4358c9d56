/** `init`: creates a workspace, or checks one. */
import { whyDriver, type DriverKind } from '../../../shared/infrastructure'
import type { WorkspaceCheck } from '../../../shared/workspace'
import { localApp } from '../engine'
import { refused, wrongUsage } from '../failure'
import { cleanLine } from '../print/clean'
import type { Paint } from '../print/style'
import { pairs } from '../print/table'
import type { Result, CommandSession } from '../session'
import { absolute } from '../workspace'

export interface InitOptions {
  readonly sample?: boolean
  readonly driver?: DriverKind
}

export async function init(
  session: CommandSession,
  { sample, driver }: InitOptions,
  folder: string | undefined,
): Promise<Result> {
  const { workspace } = session.options
  if (folder !== undefined && workspace !== undefined)
    throw wrongUsage('Name the folder once: as an argument, or with --workspace.')
  // Never the workspace opened last: it is either named, or the current folder.
  const path = absolute(folder ?? workspace ?? (process.env['INSTANCE_MANAGER_WORKSPACE'] || '.'))
  const { client } = await localApp(session.root, 'change', session.command)
  if (sample) {
    await client.app.createSample.mutate({ path })
    await client.app.close.mutate()
  }
  const check = await client.app.checkFolder.query({ path })
  if (!session.json) session.err.lines(checkLines(check, session.err.paint))
  if (!check.usable) {
    throw refused({
      code: 'workspace-unusable',
      message: `${path} isn’t a workspace.`,
      cause: `Missing: ${check.checks
        .filter(it => !it.found)
        .map(it => it.item)
        .join(', ')}.`,
      hint: 'Add what is missing, or create one with --sample.',
    })
  }
  // From here on like any other command: the workspace may be open in a window.
  const engine = await session.engine('change', path)
  if (driver) await engine.client.infrastructure.choose.mutate({ kind: driver })
  const { driver: chosen } = await engine.client.infrastructure.status.query()
  const reason = whyDriver(chosen, await engine.client.infrastructure.options.query())
  return {
    data: { check, driver: chosen, reason },
    lines: pairs(
      [
        ['Workspace', check.path],
        ['Instances', String(check.instances)],
        ['Driver', `${chosen} (${cleanLine(reason)})`],
      ],
      text => session.out.paint('dim', text),
    ),
  }
}

const checkLines = ({ checks }: WorkspaceCheck, paint: Paint): string[] =>
  checks.map(
    ({ item, found, hint }) =>
      `${found ? paint('green', '✓') : paint('red', '✗')} ${cleanLine(item)}${hint ? paint('dim', `  ${cleanLine(hint)}`) : ''}`,
  )
