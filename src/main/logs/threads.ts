/**
 * The threads that read logs. Tasks that are short or take turns share one, since each thread takes 10 MB. A task that
 * reads a lot at once, or runs an operator's pattern, gets its own thread, which is terminated if it shows no sign of
 * life.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { problem, type Problem } from '../../shared/problem'
import type { LogTask } from './open'

export type Request = { readonly id: number } & (
  { readonly type: 'start'; readonly task: LogTask } | { readonly type: 'next' | 'stop' }
)
/** Replies to `stop` use the negative id, because a value may still be in flight. */
export type Answer = { readonly id: number } & (
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'done' | 'stopped' }
  | { readonly type: 'failed'; readonly problem: Problem }
)

/** How long without a sign of life before a pattern counts as too slow, or a disk as unresponsive. Milliseconds. */
const patternPatience = 3000
const diskPatience = 15_000
/** The first sign of life may take longer on a busy machine. Milliseconds. */
const startPatience = 60_000
/** How long a task with its own thread may take to stop cleanly. Milliseconds. */
const stopPatience = 500
/** How long an idle thread is kept for the next task. Milliseconds. */
const idleFor = 20_000
/** The most single-task threads at once; further tasks wait. */
const maxThreads = 4

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

  /** Starts the thread that opens logs ahead of time, because starting takes longer than reading. */
  warm(): void {
    this.#sharedThread()
  }

  /**
   * Runs a task until it finishes or the signal aborts. @throws Problems, `log-search-slow` and `log-slow` among them
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

  /** Terminates all threads. */
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
    while (this.#own >= maxThreads) {
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

/** Whether a task delays others in its thread only briefly: it runs no pattern, and reads little, or in turns. */
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
      if (this.#waiting.size === 0) this.#worker.unref() // don't keep the process alive
      waiting?.answered(it)
    })
    this.#worker.on('error', error =>
      this.#fail({
        code: 'log-thread',
        message: 'Couldn’t read the log.',
        cause: error.message,
        hint: 'Try again.',
        action: 'retry',
      }),
    )
    this.#worker.on('exit', () => {
      this.#fail({
        code: 'log-thread',
        message: 'Reading the log was interrupted.',
        hint: 'Try again.',
        action: 'retry',
      })
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
      await stopped // terminating the thread would end their tasks
    else if ((await Promise.race([stopped, delay(stopPatience, undefined, { ref: false })])) === undefined)
      await this.end()
  }

  /** @returns undefined if the signal aborted first */
  #ask(request: Request, pattern: boolean, signal: AbortSignal): Promise<Answer | undefined> {
    return new Promise(resolve => {
      const abort = (): void => {
        this.#waiting.delete(request.id)
        resolve(undefined)
      } // its answer no longer matters
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
      if (this.#waiting.size === 1) this.#last = { beats: Atomics.load(this.#beats, 0), at: performance.now() }
      this.#watch ??= setInterval(() => this.#look(), 500).unref()
    })
  }

  #post(request: Request): void {
    if (this.usable) this.#worker.postMessage(request, [])
  }

  /** Terminates the thread if it shows no sign of life while a task is waiting. */
  #look(): void {
    const beats = Atomics.load(this.#beats, 0)
    if (beats !== this.#last.beats || this.#waiting.size === 0) {
      this.#last = { beats, at: performance.now() }
      return
    }
    const waiting = [...this.#waiting.values()]
    if (performance.now() - this.#last.at < (beats === 0 ? startPatience : Math.min(...waiting.map(it => it.patience))))
      return
    const pattern = waiting.some(it => it.pattern)
    this.#fail(
      pattern
        ? {
            code: 'log-search-slow',
            message: 'This regular expression takes too long.',
            field: 'filter.search.text',
            cause: `It didn’t get through one line in ${patternPatience / 1000} s.`,
            hint: 'Avoid repeated groups that can match the same text in many ways, such as (a+)+.',
          }
        : {
            code: 'log-slow',
            message: 'The disk with the log isn’t responding.',
            cause: `No data was read for ${diskPatience / 1000} s.`,
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
