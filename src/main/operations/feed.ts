/** What watchers are sent: a snapshot, then each event, without gaps or duplicates. */
import type { OperationEvent, OperationsUpdate } from '../../shared/operation'

/** Characters that may wait for a slow reader; roughly 2 MB. */
const backlogLimit = 1_000_000
/** Characters that an event counts for, besides its output. */
const eventWeight = 200
/** Waiting output is joined into chunks of about this many characters. */
const chunkLength = 64_000

/**
 * A reader is *behind* or *following*. While behind (at first, and when too much waits for it), it is owed a snapshot,
 * which will include all events, so none are queued. While following, each event is queued. So memory is bounded, and a
 * slow reader misses only output, which `Operations.output` still has.
 */
interface Reader {
  behind: boolean
  queue: OperationEvent[]
  weight: number
  wake: () => void
}

export class Feed {
  readonly #readers = new Set<Reader>()
  #closed = false

  publish(event: OperationEvent): void {
    for (const reader of this.#readers) {
      if (!reader.behind) enqueue(reader, event)
      reader.wake()
    }
  }

  /** Sends every reader a new snapshot. */
  refresh(): void {
    for (const reader of this.#readers) {
      Object.assign(reader, { behind: true, queue: [], weight: 0 })
      reader.wake()
    }
  }

  /** Ends every reader once it has what was published. */
  close(): void {
    this.#closed = true
    for (const reader of this.#readers) reader.wake()
  }

  /**
   * Runs until the signal is aborted, the feed is closed or the caller stops. A later snapshot replaces everything
   * before it.
   */
  async *follow(
    snapshot: () => OperationsUpdate,
    signal: AbortSignal,
  ): AsyncGenerator<OperationsUpdate, void, undefined> {
    const reader: Reader = { behind: true, queue: [], weight: 0, wake: () => undefined }
    const stop = (): void => reader.wake()
    this.#readers.add(reader)
    signal.addEventListener('abort', stop)
    try {
      while (!signal.aborted) {
        if (reader.behind) {
          reader.behind = false // before the snapshot is taken: events are queued from here on
          yield snapshot()
        } else if (reader.queue.length > 0) {
          const events = reader.queue
          reader.queue = []
          reader.weight = 0
          for (const event of events) if (!reader.behind) yield { type: 'event', event }
        } else if (this.#closed) {
          return
        } else {
          await new Promise<void>(resolve => {
            reader.wake = resolve
          })
        }
      }
    } finally {
      this.#readers.delete(reader)
      signal.removeEventListener('abort', stop)
    }
  }
}

function enqueue(reader: Reader, event: OperationEvent): void {
  const last = reader.queue.at(-1)
  if (
    last?.type === 'output' &&
    event.type === 'output' &&
    last.id === event.id &&
    last.step === event.step &&
    last.chunk.length < chunkLength
  ) {
    reader.queue[reader.queue.length - 1] = { ...last, chunk: last.chunk + event.chunk }
  } else if (
    last?.type === 'progress' &&
    event.type === 'progress' &&
    last.id === event.id &&
    last.step === event.step
  ) {
    reader.queue[reader.queue.length - 1] = event
    return
  } else {
    reader.queue.push(event)
    reader.weight += eventWeight
  }
  if (event.type === 'output') reader.weight += event.chunk.length
  if (reader.weight > backlogLimit) Object.assign(reader, { behind: true, queue: [], weight: 0 })
}
