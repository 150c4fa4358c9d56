/** The text of a systemd unit that starts a workspace after a reboot: of one workspace, or a package's for any. */
import { unitCommand } from './systemd'

/** What systemd starts at boot: for the system, and for a user. */
export const bootTargets = { system: 'multi-user.target', user: 'default.target' } as const
export type UnitScope = keyof typeof bootTargets

/** The package's template, in which systemd replaces `%f` with the workspace that the unit is enabled for. */
export const unitTemplate = (program: string, scope: UnitScope): string =>
  startUnit(scope, {
    shown: '%f',
    path: '%f',
    environment: [],
    command: `${unitCommand([program, '--workspace'])} %f resurrect`,
  })

interface UnitParts {
  /** The workspace, in the unit's description. */
  readonly shown: string
  readonly path: string
  readonly environment: readonly string[]
  readonly command: string
}

/** @param parts as systemd reads them. The reasons for the settings are in docs/decisions/0046-start-after-a-reboot.md */
export const startUnit = (scope: UnitScope, { shown, path, environment, command }: UnitParts): string =>
  [
    '[Unit]',
    `Description=Instance Manager (“${shown}”)`,
    ...(scope === 'system' ? ['After=network.target docker.service', `RequiresMountsFor=${path}`] : []),
    '',
    '[Service]',
    '# It ends once everything has been started. What it started outlives it.',
    'Type=oneshot',
    'RemainAfterExit=yes',
    'KillMode=process',
    ...(scope === 'system' ? ['User=root'] : []), // gives it HOME
    ...environment.map(it => `Environment=${it}`),
    `ExecStart=${command}`,
    '',
    '[Install]',
    `WantedBy=${bootTargets[scope]}`,
    '',
  ].join('\n')
