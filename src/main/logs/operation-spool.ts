/** An operation's log, written to a file while somebody may read it: its journal, with the output of its steps. */
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { OperationEvent, OperationState } from '../../shared/operation'
import { problem, type Problem } from '../../shared/problem'
import type { Operations } from '../operations/engine'
import { Journal } from '../operations/journal'
import { makeFolder } from '../system/files'
import type { OutputChunk } from '../operations/tail'

/** How long output may be buffered. Milliseconds. */
const together = 50

export class OperationSpools {
  readonly #made = new Map<string, Promise<string>>()
  readonly #ending = new AbortController()
  readonly #operations: Operations
  readonly #journals: string
  readonly #folder: string

  /** @param folder private; emptied when the workspace is opened */
  constructor(operations: Operations, journals: string, folder: string) {
    this.#operations = operations
    this.#journals = journals
    this.#folder = folder
  }

  /** @returns the file's path. @throws Problem `operation-unknown` */
  path(id: string): Promise<string> {
    const state = this.#operations.list().find(it => it.id === id)
    if (!state)
      throw problem({
        code: 'operation-unknown',
        message: 'There is no such operation.',
        hint: 'Activity lists the operations on record.',
        action: 'open-activity',
      })
    let made = this.#made.get(id)
    if (!made) {
      made = this.#make(state)
      this.#made.set(id, made)
      made.catch(() => this.#made.delete(id))
    }
    return made
  }

  close(): void {
    this.#ending.abort()
  }

  async #make(state: OperationState): Promise<string> {
    await makeFolder(this.#folder, 0o700)
    const path = join(this.#folder, `operation-${state.id}.log`)
    const updates = this.#operations.watch(this.#ending.signal)
    await updates.next() // subscribed: nothing is missed, but the first events may be in the journal already
    const entries = await Journal.entries(this.#journals, state.id).catch(() => []) // its journal may have been deleted
    const chunks = this.#operations.output(state.id)
    await writeFile(path, historyOf(entries, chunks), { mode: 0o600 })
    const last = chunks.at(-1)
    if (entries.at(-1)?.type === 'settled') await updates.return()
    else
      void this.#follow(
        path,
        state.id,
        updates,
        new Set(entries.map(keyOf)),
        last ? last.offset + last.chunk.length : 0,
      ).catch(() => undefined)
    return path
  }

  async #follow(
    path: string,
    id: string,
    updates: ReturnType<Operations['watch']>,
    written: ReadonlySet<string>,
    printed: number,
  ): Promise<void> {
    let waiting = ''
    let writing: Promise<unknown> | undefined
    for await (const update of updates) {
      if (update.type !== 'event' || update.event.id !== id) continue
      const { event } = update
      if (event.type === 'output' ? event.offset < printed : written.has(keyOf(event))) continue
      waiting += event.type === 'output' ? stamped(event.chunk, event.at) : lineOf(event)
      writing ??= delay(together).then(() => {
        const text = waiting
        waiting = ''
        writing = undefined
        return appendFile(path, text)
      })
      if (event.type === 'settled') break
    }
    await writing
  }
}

/** A step's output goes where the step ended. */
function historyOf(entries: readonly OperationEvent[], chunks: readonly OutputChunk[]): string {
  const emitted = new Set<string>()
  const outputOf = (step: string, at: string): string => {
    if (emitted.has(step)) return ''
    emitted.add(step)
    return stamped(
      chunks
        .filter(it => it.step === step)
        .map(it => it.chunk)
        .join(''),
      at,
    )
  }
  const lines = entries.map(it => (it.type !== 'doing' && 'step' in it ? outputOf(it.step, it.at) : '') + lineOf(it))
  const now = new Date().toISOString()
  return [...lines, ...chunks.map(it => outputOf(it.step, now))].join('')
}

const keyOf = (event: OperationEvent): string => `${event.at} ${event.type} ${'step' in event ? event.step : ''}`

/** Stamps every line with `at`. */
const stamped = (chunk: string, at: string): string =>
  chunk
    .replace(/\n$/, '')
    .split('\n')
    .filter(it => it !== '' || chunk.length > 1)
    .map(it => `${at} ${it}\n`)
    .join('')

function lineOf(event: OperationEvent): string {
  const text = textOf(event)
  return text === '' ? '' : `${event.at} ${text}\n`
}

function textOf(event: OperationEvent): string {
  switch (event.type) {
    case 'opened':
      return `[${event.kind}] ${event.subject}: ${event.steps.join(', ')}`
    case 'doing':
      return `[${event.step}] started`
    case 'done':
      return `[${event.step}] done`
    case 'undoing':
      return `[${event.step}] undoing`
    case 'undone':
      return `[${event.step}] undone`
    case 'turned':
      return event.problem
        ? `ERROR rolling back (${event.reason}): ${describe(event.problem)}`
        : `rolling back: ${event.reason}`
    case 'settled':
      return `settled: ${event.outcome}`
    case 'stuck':
      return `ERROR [${event.step}] stuck: ${describe(event.problem)}`
    case 'retrying':
      return `[${event.step}] retrying`
    case 'progress':
      return event.text ? `[${event.step}] ${event.text}` : ''
    case 'output':
      return ''
  }
}

const describe = ({ code, message, cause, details }: Problem): string =>
  [`${code}: ${message}`, cause, details].filter(Boolean).join('\n').split('\n').join('\n    ')
