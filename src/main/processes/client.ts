/** The processes of one PM2 home. Any call first restarts a dead daemon. */
import { EventEmitter, on } from 'node:events'
import { problem } from '../../shared/problem'
import type { OutdatedPm2 } from '../../shared/outdated-pm2'
import { pm2Paths } from './daemon'
import { misfit } from './daemon-fit'
import { Daemons } from './daemons'
import { definitionOf, type NewProcess } from './definition'
import { Dump } from './dump'
import { entriesSchema, eventSchema, preparedSchema, toInfo, type ListEntry, type ProcessInfo } from './entries'
import { handOver } from './hand-over'
import { appsOf, endLeftovers, sameFolder, type PM2App, type ProcessRef } from './leftovers'
import { follow } from './sockets'
import { stopForGood } from './stopping'
import { defaultLogs, logsOf, removeLogs, removePidFiles, renameLogs, type LogFiles } from './traces'
import { drain } from './worker-connection'

export type { ProcessInfo, ProcessStatus } from './entries'
export type { NewProcess } from './definition'
export type { ProcessRef } from './leftovers'

/** `lost`: the daemon ended; any call restarts it. After `connected` the list may have changed: read it again. */
export type ProcessEvent =
  | { readonly type: 'connected' | 'lost' }
  /** `event` in PM2's words: start, online, exit, stop, restart, delete, restart overlimit … */
  | { readonly type: 'process'; readonly event: string; readonly name: string }

/** What `worker.disconnect()` of Node's cluster sends to a worker. PM2 passes it on if it has a topic and data too. */
const disconnect = (id: number) => ({ id, topic: 'disconnect', data: {}, cmd: 'NODE_CLUSTER', act: 'disconnect' })

export class Processes {
  readonly #home: string
  readonly #daemons: Daemons
  /** `deleted`, which PM2's bus doesn't report, and `exchanged`. */
  readonly #own = new EventEmitter()
  readonly dump: Dump

  /** @param home PM2_HOME; the user's own is `~/.pm2` */
  constructor(home: string) {
    this.#home = home
    this.#daemons = new Daemons(home)
    this.dump = new Dump(home, this.#daemons)
  }

  /**
   * Every process except PM2's modules, in PM2's order.
   * @param revive start the daemon if it isn't running
   * @throws Problem `pm2-…`; without `revive`, DaemonLost
   */
  async list({ revive = true } = {}): Promise<ProcessInfo[]> {
    return (await this.#entries(revive)).map(toInfo)
  }

  /**
   * Starts an app, kept alive, with timestamps in its logs. Replaces our own app of that name, listed or lost. Returns
   * when PM2 calls it online, which says nothing about its health.
   * @throws Problem `process-name-taken` if an app in another folder has the name
   */
  async start(app: NewProcess, signal?: AbortSignal): Promise<void> {
    for (const entry of await this.#onlyOurs(app)) await this.#daemons.unlist(entry)
    await endLeftovers(this.#home, app)
    signal?.throwIfAborted()
    await this.#daemons.current.act('prepare', await definitionOf(this.#home, app))
  }

  /**
   * Starts one more process of an app in cluster mode. The others keep running; PM2 hands each connection to one of
   * them.
   * @returns PM2's id of the new one
   * @throws as `start`
   */
  async startBeside(app: NewProcess & { readonly seamless: true }): Promise<number> {
    await this.#onlyOurs(app)
    const started = await this.#daemons.current.act('prepare', await definitionOf(this.#home, app))
    return preparedSchema.parse(started)[0].pm2_env.pm_id
  }

  /** Ends an app's other processes on this port, each once it has answered the requests that it accepted. */
  async retireOthers(app: ProcessRef, port: number, kept: number): Promise<void> {
    for (const entry of await this.#ours(await this.#named(app.name), app)) {
      const { id, pid, execMode, status } = toInfo(entry)
      if (id === kept) continue
      const leave = (): Promise<unknown> => this.#daemons.of(entry).act('sendDataToProcessId', disconnect(id))
      const drains = pid !== undefined && execMode === 'cluster' && status === 'online'
      const connection = drains ? await drain(port, pid, leave) : undefined
      await this.#daemons.unlist(entry)
      connection?.destroy()
    }
  }

  /** Stops one process of an app and removes it from the list. Does nothing if it isn't in this folder. */
  async endOne(app: ProcessRef, id: number): Promise<void> {
    const found = (await this.#ours(await this.#named(app.name), app)).find(it => it.pm_id === id)
    if (found) await this.#daemons.unlist(found)
  }

  /**
   * Stops an app and keeps it listed. Does nothing if there is none in this folder.
   * @throws Problem `process-not-stopped`
   */
  async stop(app: ProcessRef): Promise<void> {
    for (const entry of await this.#ours(await this.#named(app.name), app)) {
      const its = this.#daemons.of(entry)
      await stopForGood(its, entry)
      await its.act('notifyByProcessId', { id: entry.pm_id, action_name: 'stop' }) // as `pm2 stop` notifies watchers
    }
    await endLeftovers(this.#home, app)
  }

  /** Stops an app and removes it from the list; its logs stay. Does nothing if there is none in this folder. */
  async unlist(app: ProcessRef): Promise<void> {
    for (const entry of await this.#ours(await this.#named(app.name), app)) await this.#daemons.unlist(entry)
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
    for (const entry of ours) await this.#daemons.unlist(entry)
    await endLeftovers(this.#home, app)
    const unlisted = entries.length === ours.length ? [this.defaultLogs(app.name)] : [] // otherwise they are the namesake's
    const others = all.filter(it => !ours.includes(it)).map(toInfo)
    await removeLogs(this.#home, [...ours.map(toInfo), ...unlisted], others)
    if (entries.length === ours.length) await removePidFiles(this.#home, app.name)
    for (const { name } of ours) this.#own.emit('deleted', name)
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
    const deleted = (name: string): void => emit({ type: 'process', event: 'delete', name })
    const queue = on(events, 'event', { signal }) // nothing is missed from here on
    const begin = () =>
      follow(pm2Paths(this.#home).bus, 'process:event', it => {
        if (it.type !== 'message') return emit(it)
        const message = eventSchema.safeParse(it.data)
        if (message.success) emit({ type: 'process', event: message.data.event, name: message.data.process.name })
      })
    let unfollow = begin()
    const exchanged = (): void => {
      unfollow()
      unfollow = begin()
    }
    this.#own.on('deleted', deleted).on('exchanged', exchanged)
    try {
      for await (const [event] of queue) yield event as ProcessEvent
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      unfollow()
      this.#own.off('deleted', deleted).off('exchanged', exchanged)
    }
  }

  /** Running apps that the daemon doesn't know: they outlived one that was killed. Otherwise as `list`. */
  async lost({ revive = true } = {}): Promise<PM2App[]> {
    const listed = (await this.#entries(revive)).flatMap(it => it.pid ?? [])
    return appsOf(this.#home, new Set(listed))
  }

  /**
   * Why an app with these variables in its `.env` can't run in cluster mode; undefined if it can. Starts the daemon.
   */
  async misfit(own: Readonly<Record<string, string>>): Promise<string | undefined> {
    await this.#entries()
    return misfit(this.#home, own)
  }

  /** Where its output goes: according to PM2 if it is listed, otherwise where we put it. */
  async logFiles(name: string): Promise<readonly string[]> {
    const entry = (await this.#named(name))[0]
    const { outLog, errLog } = entry ? toInfo(entry) : this.defaultLogs(name)
    return [outLog, errLog]
  }

  /** Where we put an app's output. */
  defaultLogs(name: string): LogFiles {
    return defaultLogs(this.#home, name)
  }

  /** The files that are where we would put an app's output, e.g. those of an app that is gone. */
  keptLogs(name: string): Promise<readonly string[]> {
    return logsOf(this.#home, name)
  }

  /** Gives the logs of an unlisted app another app's name. Safe to repeat. */
  async renameLogs(from: string, to: string): Promise<void> {
    await renameLogs(this.#home, from, to, (await this.#entries()).map(toInfo))
  }

  /** Names of installed PM2 modules, e.g. `pm2-logrotate`. Otherwise as `list`. */
  async modules({ revive = true } = {}): Promise<string[]> {
    return (await this.#all(revive)).filter(it => it.pm2_env.pmx_module).map(it => it.name)
  }

  /** See `Daemons.outdated`. */
  outdated(): Promise<OutdatedPm2 | undefined> {
    return this.#daemons.outdated()
  }

  /**
   * Puts a new daemon in the place of an outdated one. All processes keep running: each is listed as `former` until it
   * is started again, or handed over. Safe to repeat. @throws Problem `pm2-…`; then the old daemon is back in its place
   */
  async exchange(): Promise<void> {
    await this.#daemons.exchange()
    this.#own.emit('exchanged')
  }

  /**
   * Restarts what the former daemon runs in the current one, one process after the other; what is stopped stays so. When
   * it has nothing left, it is ended. Safe to repeat. @param stays what it keeps for now
   * @returns why processes couldn't be started again, a sentence each
   */
  async handOver(stays: (process: ProcessInfo) => boolean | Promise<boolean>): Promise<readonly string[]> {
    const failures = await handOver(this.#home, this.#daemons, stays)
    await this.dump.save()
    return failures
  }

  async #entries(revive = true): Promise<ListEntry[]> {
    return (await this.#all(revive)).filter(it => !it.pm2_env.pmx_module)
  }

  #all = async (revive = true): Promise<ListEntry[]> => entriesSchema.parse(await this.#daemons.list(revive))

  #named = async (name: string): Promise<ListEntry[]> => (await this.#entries()).filter(it => it.name === name)

  /** Our own apps of that name. @throws Problem `process-name-taken` if there are others */
  async #onlyOurs(app: ProcessRef): Promise<ListEntry[]> {
    const entries = await this.#named(app.name)
    const ours = await this.#ours(entries, app)
    const foreign = entries.find(it => !ours.includes(it))
    if (!foreign) return ours
    throw problem({
      code: 'process-name-taken',
      message: `PM2 already has another process named “${app.name}”.`,
      cause: `Its working folder is ${foreign.pm2_env.pm_cwd}.`,
      hint: `Choose another name, or delete that process: “pm2 delete ${app.name}”.`,
      field: 'name',
    })
  }

  async #ours(entries: readonly ListEntry[], { cwd }: ProcessRef): Promise<ListEntry[]> {
    const same = await Promise.all(entries.map(it => sameFolder(it.pm2_env.pm_cwd, cwd, it.pid)))
    return entries.filter((_, index) => same[index])
  }
}
