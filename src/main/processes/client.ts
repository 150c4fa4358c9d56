/** The processes of one PM2 home. Any call first restarts a dead daemon. */
import { EventEmitter, on } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { problem } from '../../shared/problem'
import { rotatedFiles } from '../system/rotate-names'
import { readIfExists, writeFileAtomic } from '../system/files'
import { SerialQueue } from '../system/serial-queue'
import type { SystemUser } from '../system/users'
import { Daemon, pm2Paths, processEnvironment } from './daemon'
import { findNode } from '../system/node'
import { entriesSchema, eventSchema, parseDump, savedSchema, toInfo, type ListEntry, type ProcessInfo } from './entries'
import { appsOf, endLeftovers, sameFolder, type PM2App, type ProcessRef } from './leftovers'
import { DaemonLost, follow, request } from './sockets'

export type { ProcessInfo, ProcessStatus } from './entries'
export type { ProcessRef } from './leftovers'

/**
 * An app to start. Its settings and secrets come from its own `.env`, never from here: PM2 saves whatever it gets to a
 * file.
 */
export interface NewProcess extends ProcessRef {
  readonly script: string
  /** The user it runs as; by default the daemon's, which is our own. Only root's daemon can run it as another. */
  readonly user?: Pick<SystemUser, 'name' | 'uid' | 'gid' | 'home'>
}

/** `lost`: the daemon ended; any call restarts it. After `connected` the list may have changed: read it again. */
export type ProcessEvent =
  | { readonly type: 'connected' | 'lost' }
  /** `event` in PM2's words: start, online, exit, stop, restart, delete, restart overlimit … */
  | { readonly type: 'process'; readonly event: string; readonly name: string }

/** Bytes. An app takes about 2 KB, more if it was started with a large environment. */
const maxDumpBytes = 64 << 20
const listTimeout = 5000 // ms; it usually takes 20 for 100 processes
const actTimeout = 60_000 // ms; one of the operator's own apps may have a long kill_timeout

export class Processes {
  readonly #home: string
  readonly #daemon: Daemon
  readonly #deletions = new EventEmitter()
  readonly #saving = new SerialQueue()
  readonly #asking = new SerialQueue()
  #nextAnswer: Promise<unknown> | undefined

  /** @param home PM2_HOME; the user's own is `~/.pm2` */
  constructor(home: string) {
    this.#home = home
    this.#daemon = new Daemon(home)
  }

  /**
   * Every process except PM2's modules, in PM2's order. @param revive start the daemon if it isn't running @throws
   * Problem `pm2-…`; without `revive`, DaemonLost
   */
  async list({ revive = true } = {}): Promise<ProcessInfo[]> {
    return (await this.#entries(revive)).map(toInfo)
  }

  /**
   * Starts an app in fork mode, kept alive, with timestamps in its logs. Replaces our own app of that name, listed or
   * lost. Returns when PM2 calls it online, which says nothing about its health.
   * @throws Problem `process-name-taken` if an app in another folder has the name
   */
  async start(app: NewProcess, signal?: AbortSignal): Promise<void> {
    const entries = await this.#named(app.name)
    const ours = await this.#ours(entries, app)
    const foreign = entries.find(it => !ours.includes(it))
    if (foreign) {
      throw problem({
        code: 'process-name-taken',
        message: `PM2 already has another process named “${app.name}”.`,
        cause: `Its working folder is ${foreign.pm2_env.pm_cwd}.`,
        hint: `Choose another name, or delete that process: “pm2 delete ${app.name}”.`,
        field: 'name',
      })
    }
    for (const { pm_id } of ours) await this.#act('deleteProcessId', pm_id)
    await endLeftovers(this.#home, app)
    signal?.throwIfAborted()
    await this.#act('prepare', await this.#definition(app))
  }

  /**
   * Stops an app and keeps it listed. Does nothing if there is none in this folder. @throws Problem
   * `process-not-stopped`
   */
  async stop(app: ProcessRef): Promise<void> {
    for (const { pm_id } of await this.#ours(await this.#named(app.name), app)) {
      await this.#act('stopProcessId', pm_id)
      await this.#act('notifyByProcessId', { id: pm_id, action_name: 'stop' }) // as `pm2 stop` notifies watchers
    }
    await endLeftovers(this.#home, app)
  }

  /** Stops an app and removes it from the list; its logs stay. Does nothing if there is none in this folder. */
  async unlist(app: ProcessRef): Promise<void> {
    for (const { pm_id } of await this.#ours(await this.#named(app.name), app))
      await this.#act('deleteProcessId', pm_id)
    await endLeftovers(this.#home, app)
  }

  /**
   * Stops an app, removes it from the list and deletes its logs, including rotated ones. Does nothing if there is none
   * in this folder.
   */
  async remove(app: ProcessRef): Promise<void> {
    const all = await this.#entries()
    const entries = all.filter(it => it.name === app.name)
    const ours = await this.#ours(entries, app)
    for (const { pm_id } of ours) await this.#act('deleteProcessId', pm_id)
    await endLeftovers(this.#home, app)
    const { logs } = pm2Paths(this.#home)
    // The `pm2` command gives `a_b` and `a-b` the same files.
    const shared = new Set(
      all
        .filter(it => !ours.includes(it))
        .map(toInfo)
        .flatMap(it => [it.outLog, it.errLog]),
    )
    const unlisted = entries.length === ours.length ? [this.defaultLogs(app.name)] : [] // otherwise they are the namesake's
    const files = [...ours.map(toInfo), ...unlisted].flatMap(it => [it.outLog, it.errLog])
    // never /dev/null or one of the operator's own paths
    const doomed = files.filter(it => dirname(it) === logs && !shared.has(it))
    await Promise.all(doomed.map(it => rm(it, { force: true })))
    // only now: a rotation that finds its log deleted removes its own archive
    const rotated = await Promise.all(doomed.map(rotatedFiles))
    await Promise.all(rotated.flat().map(it => rm(it, { force: true })))
    if (entries.length === ours.length) await this.#forgetPids(app.name)
    for (const { name } of ours) this.#deletions.emit('deleted', name)
  }

  /**
   * Writes the list to dump.pm2 (0600), which `pm2 resurrect` starts after a reboot. Keeps apps that a killed daemon
   * lost and that are still running: saving after such an accident must not forget them.
   */
  save(): Promise<void> {
    return this.#saving.run(() => this.#save())
  }

  /** One at a time: the first call to read the list must not be the last to write it. */
  async #save(): Promise<void> {
    const { dump, dumpBackup } = pm2Paths(this.#home)
    const raw = savedSchema.parse(await this.#monitorData())
    const listed = raw
      .filter(it => !it.pm2_env.pmx_module)
      .map(it => {
        const { instances: _, pm_id: __, prev_restart_delay: ___, ...kept } = it.pm2_env // as `pm2 save` does
        return kept
      })
    const old = await readIfExists(dump, maxDumpBytes)
    const running = new Set((await appsOf(this.#home)).map(it => it.name))
    const lost = parseDump(old).filter(it => running.has(it.name) && !listed.some(other => other.name === it.name))
    if (old !== undefined) await writeFileAtomic(dumpBackup, old, 0o600)
    await writeFileAtomic(dump, JSON.stringify([...listed, ...lost], null, 2), 0o600)
  }

  /** Whether `pm2 resurrect` would start it: it was listed at the last `save`. */
  async saved({ name, cwd }: ProcessRef): Promise<boolean> {
    const dump = parseDump(await readIfExists(pm2Paths(this.#home).dump, maxDumpBytes))
    return dump.some(it => it.name === name && it.pm_cwd === cwd)
  }

  /**
   * Events of processes, whoever causes them, until the signal is aborted; survives the daemon's death. Log lines
   * aren't included.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<ProcessEvent, void> {
    const events = new EventEmitter()
    const emit = (event: ProcessEvent): void => {
      events.emit('event', event)
    }
    // PM2's bus doesn't report this
    const deleted = (name: string): void => emit({ type: 'process', event: 'delete', name })
    this.#deletions.on('deleted', deleted)
    const queue = on(events, 'event', { signal }) // nothing is missed from here on
    const unfollow = follow(pm2Paths(this.#home).bus, 'process:event', it => {
      if (it.type !== 'message') return emit(it)
      const message = eventSchema.safeParse(it.data)
      if (message.success) emit({ type: 'process', event: message.data.event, name: message.data.process.name })
    })
    try {
      for await (const [event] of queue) yield event as ProcessEvent
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      unfollow()
      this.#deletions.off('deleted', deleted)
    }
  }

  /** Running apps that the daemon doesn't know: they outlived one that was killed. Otherwise as `list`. */
  async lost({ revive = true } = {}): Promise<PM2App[]> {
    const [apps, listed] = await Promise.all([appsOf(this.#home), this.#entries(revive)])
    const known = new Set(listed.map(it => it.pid))
    return apps.filter(it => !known.has(it.pid))
  }

  /** Where its output goes: according to PM2 if it is listed, otherwise where we put it. */
  async logFiles(name: string): Promise<readonly string[]> {
    const entry = (await this.#named(name))[0]
    const { outLog, errLog } = entry ? toInfo(entry) : this.defaultLogs(name)
    return [outLog, errLog]
  }

  /** Where we put an app's output. PM2 would use the same files for `a_b` and `a-b`. */
  defaultLogs(name: string): { outLog: string; errLog: string } {
    const { logs } = pm2Paths(this.#home)
    return { outLog: join(logs, `${name}-out.log`), errLog: join(logs, `${name}-error.log`) }
  }

  /** Names of installed PM2 modules, e.g. `pm2-logrotate`. */
  async modules(): Promise<string[]> {
    return (await this.#all()).filter(it => it.pm2_env.pmx_module).map(it => it.name)
  }

  async #entries(revive = true): Promise<ListEntry[]> {
    return (await this.#all(revive)).filter(it => !it.pm2_env.pmx_module)
  }

  #all = async (revive = true): Promise<ListEntry[]> => entriesSchema.parse(await this.#monitorData(revive))

  /** PM2's whole list. @param revive start the daemon if it isn't running */
  async #monitorData(revive = true): Promise<unknown> {
    try {
      return await this.#askTogether()
    } catch (error) {
      if (!(error instanceof DaemonLost) || !revive) throw error
    }
    await this.#daemon.ensure()
    return this.#askTogether()
  }

  /**
   * One request at a time; callers that arrive meanwhile share the next one. PM2 measures each process through a
   * descriptor of its /proc/PID/stat, and if two concurrent requests find a new process, it opens two and never closes
   * the first.
   */
  #askTogether(): Promise<unknown> {
    if (this.#nextAnswer) return this.#nextAnswer
    this.#nextAnswer = this.#asking.run(() => {
      this.#nextAnswer = undefined
      return request(pm2Paths(this.#home).rpc, 'getMonitorData', {}, listTimeout)
    })
    return this.#nextAnswer
  }

  #named = async (name: string): Promise<ListEntry[]> => (await this.#entries()).filter(it => it.name === name)

  async #ours(entries: readonly ListEntry[], { cwd }: ProcessRef): Promise<ListEntry[]> {
    const same = await Promise.all(entries.map(it => sameFolder(it.pm2_env.pm_cwd, cwd, it.pid)))
    return entries.filter((_, index) => same[index])
  }

  async #act(method: string, argument: unknown): Promise<unknown> {
    const { rpc } = pm2Paths(this.#home)
    try {
      return await request(rpc, method, argument, actTimeout)
    } catch (error) {
      if (!(error instanceof DaemonLost)) throw error
      if (error.sent) {
        throw problem(
          {
            code: 'pm2-died',
            message: `PM2’s daemon ended during “${method}”.`,
            cause: 'It was killed or crashed.',
            hint: 'Try again: it will be started again.',
            action: 'retry',
          },
          error,
        )
      }
    }
    await this.#daemon.ensure()
    return request(rpc, method, argument, actTimeout)
  }

  /**
   * Removes pid files left by a killed daemon; a living one has already removed them. PM2 appends its id of the app to
   * the name.
   */
  async #forgetPids(name: string): Promise<void> {
    const { pids } = pm2Paths(this.#home)
    const left = (await readdir(pids).catch(() => [])).filter(
      it => it.startsWith(`${name}-`) && /^\d+\.pid$/.test(it.slice(name.length + 1)),
    )
    await Promise.all(left.map(it => rm(join(pids, it), { force: true })))
  }

  /**
   * What `pm2 start SCRIPT --name NAME --cwd CWD --time` sends to the daemon, but without the caller's environment and
   * PM2's probes in the app.
   */
  async #definition({ name, script, cwd, user }: NewProcess): Promise<Record<string, unknown>> {
    const { outLog, errLog } = this.defaultLogs(name)
    const node = await findNode()
    return {
      name,
      namespace: 'default',
      cwd,
      pm_cwd: cwd,
      pm_exec_path: script,
      exec_mode: 'fork_mode',
      ...(user
        ? asUser(user, node)
        : { exec_interpreter: node, node_args: [], env: processEnvironment(), username: userInfo().username }),
      time: true,
      log_date_format: 'YYYY-MM-DDTHH:mm:ss',
      merge_logs: true,
      pm_out_log_path: outLog,
      pm_err_log_path: errLog,
      pm_pid_path: join(pm2Paths(this.#home).pids, `${name}.pid`),
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
}

/** PM2 drops all of its own groups before it becomes this user, and keeps both ids in its dump. */
function asUser({ name, uid, gid, home }: NonNullable<NewProcess['user']>, node: string): Record<string, unknown> {
  const { TMPDIR: _, XDG_RUNTIME_DIR: __, ...environment } = processEnvironment() // ours, which it can't enter
  return {
    uid,
    gid,
    username: name,
    env: { ...environment, HOME: home, USER: name, LOGNAME: name },
    exec_interpreter: 'bash',
    node_args: ['--norc', '-c', withoutChannel, 'bash', node, '--enable-source-maps'], // PM2 enables them too
  }
}

/**
 * PM2 opens a channel to each application and trusts what comes through it: an application could pretend to be another,
 * or crash the daemon. With an interpreter that PM2 doesn't recognise as Node, it starts the script without its own
 * wrapper, which other users may not be able to read.
 */
const withoutChannel = 'exec {NODE_CHANNEL_FD}>&-; unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE; exec "$@"'
