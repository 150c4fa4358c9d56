/** Which shell an instance's terminal runs, as whom, and with which environment. */
import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, isAbsolute } from 'node:path'
import { problem } from '../../shared/problem'
import { findInstance, type LifecycleServices } from '../instances/lifecycle/target'
import { requireSystemUser } from '../instances/system-user/identity'
import { shellEnvironment, shellEnvironmentOf } from '../system/environment'
import type { ShellOptions } from '../system/shell'
import { isRoot } from '../system/users'

type Services = Pick<LifecycleServices, 'paths' | 'configs'> & { readonly pm2Home: string }

interface WhichShell extends Pick<ShellOptions, 'file' | 'cwd' | 'env' | 'user'> {
  readonly userName: string
  readonly folder: string
}

/**
 * As the user that runs the instance: it has one of its own, or it runs as the operator.
 * @throws Problem `terminal-other-user`, `system-user-missing`, `instance-unknown`
 */
export async function whichShell(services: Services, name: string): Promise<WhichShell> {
  const { config, paths } = await findInstance(services, name)
  const place = { folder: paths.folder, cwd: await realpath(paths.folder) }
  if (!config.systemUser) {
    const { username: userName, shell } = userInfo()
    const file = await firstUsable([process.env['SHELL'], shell, ...plainShells])
    return { ...place, file, userName, env: shellEnvironment({ SHELL: file, PM2_HOME: services.pm2Home }) }
  }
  if (!isRoot())
    throw problem({
      code: 'terminal-other-user',
      message: `“${name}” runs as its own system user, so its terminal would have to as well.`,
      cause: 'Only root can start a program as another user.',
      hint: 'Run Instance Manager as root, or use a terminal of your own.',
    })
  const user = await requireSystemUser(services.paths, name)
  const file = await firstUsable(plainShells)
  return { ...place, file, userName: user.name, user, env: shellEnvironmentOf(user, file) }
}

const plainShells = ['/bin/bash', '/bin/sh']

/** Programs that passwd(5) names to keep a user from logging in. */
const refusing = new Set(['nologin', 'false'])

async function firstUsable(shells: readonly (string | null | undefined)[]): Promise<string> {
  for (const it of shells) {
    if (!it || !isAbsolute(it) || refusing.has(basename(it))) continue
    const found = await access(it, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return it
  }
  return '/bin/sh'
}
