/** Whether rootless containers outlive their user's last session. Linux with systemd only. */
import { userInfo } from 'node:os'
import type { Problem } from '../../../shared/problem'
import { isSystemd, lingers } from '../../system/systemd'

/**
 * At a user's last logout, systemd ends all of the user's processes, including containers, unless lingering is enabled.
 * @param root the root of the file system
 * @returns undefined if that can't happen
 */
export async function lingerWarning(root = '/', { uid, username } = userInfo()): Promise<Problem | undefined> {
  if (uid === 0 || !(await isSystemd(root)) || (await lingers(username, root))) return undefined
  return {
    code: 'containers-end-at-logout',
    message: 'PostgreSQL and PgBouncer will stop when you log out, so every instance will lose access to its database.',
    cause: `Podman runs them as your own processes, and systemd ends those at ${username}’s last logout.`,
    hint: `Keep them running: loginctl enable-linger ${username}`,
  }
}
