/**
 * The threads that read logs. What is short or takes turns shares one, since each takes 10 MB; what reads much at once,
 * or runs an operator's pattern, has one of its own, which is ended when it gives no sign of life.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { problem, type Problem } from '../../shared/problem'
import type { LogTask } from './open'

export type Request = { readonly id: number } & (
  { readonly type: 'start'; readonly task: LogTask } | { readonly type: 'next' | 'stop' }
)
/** To `stop` with the negative id: a value may still be on its way. */
export type Answer = { readonly id: number } & (
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'done' | 'stopped' }
  | { readonly type: 'failed'; readonly problem: Problem }
)

/** Without a sign of life so long, a pattern is too slow; or a disk does not answer. Milliseconds. */
const patternPatience = 3000
const diskPatience = 15_000
/** A thread's first sign of life takes longer on a busy machine. */
const startPatience = 60_000
/** How long a task that is alone in its thread may take to stop in good order. Milliseconds. */
const stopPatience = 500
/** A thread that has nothing to do stays for the next task. Milliseconds. */
const idleFor = 20_000
/** Threads of their own at once; who comes then waits. */
const most = 4

export class LogThreads {
  #shared: Thread | undefined
  #idle: Thread | undefined
  #own = 0
  #waiting: (() => void)[] = []
  readonly #all = new Set<Thread>()
  #closed = false
  readonly #script: string

  /** @param script the built worker.ts */
  constructor(script: string) {
    this.#script = script
  }

  /** Makes the thread ready that opens logs: its start takes longer than reading. */
  warm(): void {
    this.#sharedThread()
  }

  /**
   * Performs a task until it ends or the signal aborts. @throws Problems, `log-search-slow` and `log-slow` among them
   */
  async *run(task: LogTask, signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
    if (isBrief(task)) return yield* this.#sharedThread().run(task, signal)
    const thread = await this.#take(signal)
    try {
      yield* thread.run(task, signal)
    } finally {
      this.#give(thread)
    }
  }

  /** Ends all. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#all].map(it => it.end()))
  }

  #sharedThread(): Thread {
    if (!this.#shared?.usable) this.#shared = this.#make()
    return this.#shared
  }

  #make(): Thread {
    const thread = new Thread(this.#script, () => this.#all.delete(thread))
    this.#all.add(thread)
    return thread
  }

  async #take(signal: AbortSignal): Promise<Thread> {
    while (this.#own >= most) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      signal.throwIfAborted()
    }
    this.#own++
    const idle = this.#idle
    this.#idle = undefined
    return idle?.usable ? idle : this.#make()
  }

  #give(thread: Thread): void {
    this.#own--
    if (this.#closed || this.#idle || !thread.usable) void thread.end()
    else {
      this.#idle = thread
      void delay(idleFor, undefined, { ref: false }).then(() => {
        if (this.#idle !== thread) return
        this.#idle = undefined
        return thread.end()
      })
    }
    this.#waiting.shift()?.()
  }
}

/** Holds up other tasks of its thread only for a moment: runs no pattern, and reads little, or in turns. */
function isBrief({ type, view: { filter } }: LogTask): boolean {
  if (filter.search?.regex) return false
  return type === 'page' ? !filter.errorsOnly && !(filter.search && filter.matchesOnly) : type !== 'text'
}

interface Waiting {
  readonly answered: (it: Answer) => void
  readonly patience: number
  readonly pattern: boolean
}

class Thread {
  readonly #worker: Worker
  readonly #beats = new Int32Array(new SharedArrayBuffer(4))
  readonly #waiting = new Map<number, Waiting>()
  #last = { beats: 0, at: 0 }
  #next = 1
  #watch: NodeJS.Timeout | undefined
  usable = true

  constructor(script: string, gone: () => void) {
    this.#worker = new Worker(script, {
      workerData: { beats: this.#beats.buffer },
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 4 },
    })
    this.#worker.unref()
    this.#worker.on('message', (it: Answer) => {
      const waiting = this.#waiting.get(it.id)
      this.#waiting.delete(it.id)
      if (this.#waiting.size === 0) this.#worker.unref() // nothing to keep the process for
      waiting?.answered(it)
    })
    this.#worker.on('error', error =>
      this.#fail({
        code: 'log-thread',
        message: 'Reading the log failed.',
        cause: error.message,
        hint: 'Try again.',
        action: 'retry',
      }),
    )
    this.#worker.on('exit', () => {
      this.#fail({ code: 'log-thread', message: 'Reading the log was ended.', hint: 'Try again.', action: 'retry' })
      gone()
    })
  }

  async *run(task: LogTask, signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
    signal.throwIfAborted()
    const id = this.#next++
    const pattern = task.view.filter.search?.regex ?? false
    this.#post({ id, type: 'start', task })
    let over = false
    try {
      while (!signal.aborted) {
        const got = await this.#ask({ id, type: 'next' }, pattern, signal)
        if (got?.type === 'value') yield got.value
        else if (got) {
          over = true
          if (got.type === 'failed') throw problem(got.problem)
          return
        }
      }
    } finally {
      if (!over) await this.#stop(id)
    }
  }

  async end(): Promise<void> {
    this.usable = false
    clearInterval(this.#watch)
    await this.#worker.terminate()
  }

  async #stop(id: number): Promise<void> {
    if (!this.usable) return
    const others = this.#waiting.size > 0
    const stopped = new Promise<Answer>(resolve => {
      this.#waiting.set(-id, { answered: resolve, patience: diskPatience, pattern: false })
    })
    this.#worker.ref()
    this.#post({ id, type: 'stop' })
    if (others)
      await stopped // to end the thread would end theirs
    else if ((await Promise.race([stopped, delay(stopPatience, undefined, { ref: false })])) === undefined)
      await this.end()
  }

  /** @returns undefined if the signal aborted first */
  #ask(request: Request, pattern: boolean, signal: AbortSignal): Promise<Answer | undefined> {
    return new Promise(resolve => {
      const abort = (): void => {
        this.#waiting.delete(request.id)
        resolve(undefined)
      } // its answer is of no use any more
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.set(request.id, {
        patience: pattern ? patternPatience : diskPatience,
        pattern,
        answered: it => {
          signal.removeEventListener('abort', abort)
          resolve(it)
        },
      })
      this.#worker.ref()
      this.#post(request)
      if (this.#waiting.size === 1) this.#last = { beats: Atomics.load(this.#beats, 0), at: Date.now() }
      this.#watch ??= setInterval(() => this.#look(), 500).unref()
    })
  }

  #post(request: Request): void {
    if (this.usable) this.#worker.postMessage(request, [])
  }

  /** Ends the thread if it gives no sign of life though something is waited for. */
  #look(): void {
    const beats = Atomics.load(this.#beats, 0)
    if (beats !== this.#last.beats || this.#waiting.size === 0) {
      this.#last = { beats, at: Date.now() }
      return
    }
    const waiting = [...this.#waiting.values()]
    if (Date.now() - this.#last.at < (beats === 0 ? startPatience : Math.min(...waiting.map(it => it.patience)))) return
    const pattern = waiting.some(it => it.pattern)
    this.#fail(
      pattern
        ? {
            code: 'log-search-slow',
            message: 'This regular expression takes too long.',
            field: 'filter.search.text',
            cause: `It did not get through one line in ${patternPatience / 1000} s.`,
            hint: 'Avoid repeated groups that can match the same text in many ways, as in (a+)+.',
          }
        : {
            code: 'log-slow',
            message: 'The disk that holds the log does not answer.',
            cause: `Nothing was read for ${diskPatience / 1000} s.`,
            hint: 'Try again.',
            action: 'retry',
          },
    )
    void this.end()
  }

  #fail(why: Problem): void {
    this.usable = false
    clearInterval(this.#watch)
    for (const [id, { answered }] of this.#waiting) answered({ id, type: 'failed', problem: why })
    this.#waiting.clear()
  }
}
