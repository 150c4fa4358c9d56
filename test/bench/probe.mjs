/** The prober's process: asks the port until it gets a message, then says what it saw. `node probe.mjs PORT LIMIT` */
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds between two requests. */
const interval = 5
/** The limit: milliseconds after which a request has failed. */
const [port, limit] = process.argv.slice(2).map(Number)

let [asked, failed, longestGap, last] = [0, 0, 0, performance.now()]
const over = new AbortController()
const times = []
const open = new Set()

async function ask(method) {
  const began = performance.now()
  const answered = await new Promise(resolve => {
    const signal = AbortSignal.timeout(limit)
    request({ host: '127.0.0.1', port, path: '/', method, agent: false, signal }, response => {
      response.resume().on('end', () => resolve(response.statusCode < 500))
      response.on('error', () => resolve(false))
    })
      .on('error', () => resolve(false))
      .end()
  })
  const now = performance.now()
  asked++
  if (!answered) return void failed++
  times.push(now - began)
  longestGap = Math.max(longestGap, now - last)
  last = now
}

process.once('message', () => over.abort())
await ask('GET') // connecting for the first time takes longer
;[asked, failed, longestGap, last, times.length] = [0, 0, 0, performance.now(), 0]
process.send('ready')
while (!over.signal.aborted) {
  const one = ask(asked % 2 ? 'POST' : 'GET')
  open.add(one)
  void one.then(() => open.delete(one))
  await delay(interval)
}
longestGap = Math.max(longestGap, performance.now() - last) // nobody may have answered again
await Promise.all(open)
const p95 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? NaN
process.send({ asked, failed, longestGap, p95 })
