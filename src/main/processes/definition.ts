/** The definition of an app with which the daemon starts it. */
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { runtime, type Runtime } from '../system/runtime'
import type { SystemUser } from '../system/users'
import { pm2Paths, processEnvironment } from './daemon'
import type { ProcessRef } from './leftovers'
import { defaultLogs } from './traces'

/**
 * An app to start. Its settings and secrets come from its own `.env`, never from here: PM2 saves whatever it gets to a
 * file.
 */
export interface NewProcess extends ProcessRef {
  readonly script: string
  /**
   * In cluster mode, where the daemon holds its port and hands it the connections, so that a second process can take
   * over without a gap. It then runs on the daemon's own Node, and as its user.
   */
  readonly seamless?: boolean
  /** The user it runs as; by default the daemon's, which is our own. Only root's daemon can run it as another. */
  readonly user?: Pick<SystemUser, 'name' | 'uid' | 'gid' | 'home'>
}

/**
 * What `pm2 start SCRIPT --name NAME --cwd CWD --time` sends to the daemon, but without the caller's environment and
 * PM2's probes in the app.
 */
export async function definitionOf(
  home: string,
  { name, script, cwd, seamless = false, user }: NewProcess,
): Promise<Record<string, unknown>> {
  const { outLog, errLog } = defaultLogs(home, name)
  const from = await runtime()
  return {
    name,
    namespace: 'default',
    cwd,
    pm_cwd: cwd,
    pm_exec_path: script,
    exec_mode: seamless ? 'cluster_mode' : 'fork_mode',
    ...(user
      ? asUser(user, from)
      : {
          exec_interpreter: from.node,
          node_args: [],
          env: processEnvironment(from),
          username: userInfo().username,
        }),
    time: true,
    log_date_format: 'YYYY-MM-DDTHH:mm:ss',
    merge_logs: true,
    pm_out_log_path: outLog,
    pm_err_log_path: errLog,
    pm_pid_path: join(pm2Paths(home).pids, `${name}.pid`),
    autostart: true,
    autorestart: true,
    treekill: true,
    kill_retry_time: 100,
    watch: false,
    vizion: false,
    pmx: false,
    automation: false,
    windowsHide: true,
    km_link: false,
    vizion_running: false,
  }
}

/** PM2 drops all of its own groups before it becomes this user, and keeps both ids in its dump. */
function asUser({ name, uid, gid, home }: NonNullable<NewProcess['user']>, from: Runtime): Record<string, unknown> {
  const { TMPDIR: _, XDG_RUNTIME_DIR: __, ...environment } = processEnvironment(from) // ours, which it can't enter
  return {
    uid,
    gid,
    username: name,
    env: { ...environment, HOME: home, USER: name, LOGNAME: name },
    exec_interpreter: 'bash',
    node_args: ['--norc', '-c', withoutChannel, 'bash', from.node, '--enable-source-maps'], // PM2 enables them too
  }
}

/**
 * PM2 opens a channel to each application and trusts what comes through it: an application could pretend to be another,
 * or crash the daemon. With an interpreter that PM2 doesn't recognise as Node, it starts the script without its own
 * wrapper, which other users may not be able to read.
 */
const withoutChannel = 'exec {NODE_CHANNEL_FD}>&-; unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE; exec "$@"'
