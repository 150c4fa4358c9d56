/**
 * A thread that reads logs, so that a slow disk or a runaway pattern can't block the app. It sends one value of a task
 * per request, so a slow reader delays only its own task.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { toProblem } from '../../shared/problem'
import { perform } from './tasks'
import type { Answer, Request } from './threads'

const beats = new Int32Array((workerData as { beats: SharedArrayBuffer }).beats)
const port = parentPort
if (!port) throw new Error('this file must run in a worker thread')

interface Running {
  readonly values: AsyncGenerator<unknown, void, undefined>
  readonly stop: AbortController
}
const running = new Map<number, Running>()
const alive = (): void => {
  Atomics.add(beats, 0, 1)
}
const answer = (it: Answer): void => port.postMessage(it, [])

port.on('message', (request: Request) => {
  alive()
  switch (request.type) {
    case 'start': {
      const stop = new AbortController()
      running.set(request.id, { stop, values: perform(request.task, { alive, signal: stop.signal }) })
      return
    }
    case 'next':
      return void next(request.id)
    case 'stop':
      return void end(request.id)
  }
})

async function next(id: number): Promise<void> {
  try {
    const { value, done } = (await running.get(id)?.values.next()) ?? { value: undefined, done: true }
    if (done) running.delete(id)
    answer(done ? { id, type: 'done' } : { id, type: 'value', value })
  } catch (error) {
    running.delete(id)
    answer({ id, type: 'failed', problem: toProblem(error) })
  }
}

async function end(id: number): Promise<void> {
  const task = running.get(id)
  running.delete(id)
  task?.stop.abort()
  await task?.values.return().catch(() => undefined)
  answer({ id: -id, type: 'stopped' })
}
