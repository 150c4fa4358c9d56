/** Smoke tests over HTTP: the client, the API, and the manifest's URLs. */
import { join } from 'node:path'
import type { Manifest, SmokeTest } from '../../../shared/workspace'
import { readIfExists } from '../../system/files'
import type { Slot } from '../../workspace/paths'
import { httpGet, type Answer } from '../http'

/** A test's result: passed if it has neither. */
export interface Verdict {
  /** Why it failed, in a sentence. */
  readonly failure?: string
  /** Why it couldn't be run, in a sentence. */
  readonly skipped?: string
}

/** Milliseconds: the first request for a page may compile a template, or wait for a connection. */
const within = 15_000
/** How many bytes of a page are read. */
const maxBytes = 1 << 20

/** Asks the instance under test. @returns the answer, or why there was none */
export type Ask = (path: string, accept?: string) => Promise<Answer | string>
export const asking =
  (port: number, signal: AbortSignal): Ask =>
  (path, accept) =>
    httpGet(port, path, { signal, within, maxBytes, accept })

const passed: Verdict = {}
const failed = (failure: string): Verdict => ({ failure })
const refused = ({ status }: Answer): Verdict => failed(`HTTP status ${status}.`)

/** The client build's page, if there is one. */
const pageOf = ({ client }: Slot, { output }: Manifest['client']): Promise<string | undefined> =>
  readIfExists(join(client, output, 'index.html'))

/** The scripts of a page that come from the same server, as paths. */
const scriptsIn = (page: string): string[] =>
  [...page.matchAll(/<script\b[^>]*?\bsrc\s*=\s*["']?([^"'\s>]+)/gi)]
    .map(it => it[1] ?? '')
    .filter(it => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(it))

/** GET / must be answered with the page of the client's build, and its scripts with scripts. */
export async function clientIsServed(ask: Ask, slot: Slot, { client }: Manifest): Promise<Verdict> {
  const page = await pageOf(slot, client)
  if (page === undefined) return { skipped: 'The client’s build has no index.html.' }
  const answer = await ask('/', 'text/html')
  if (typeof answer === 'string') return failed(answer)
  if (answer.status >= 300) return refused(answer)
  const scripts = scriptsIn(page)
  if (answer.type !== 'text/html') return failed(`The answer is ${answer.type || 'of no type'}, not HTML.`)
  if (!scripts.every(it => answer.text.includes(it))) return failed('The page isn’t the one from the client’s build.')
  for (const script of scripts) {
    const { pathname, search } = new URL(script, 'http://instance/')
    const its = await ask(pathname + search)
    if (typeof its === 'string') return failed(`Its script ${script}: ${its}`)
    if (its.status >= 300) return failed(`Its script ${script}: HTTP status ${its.status}.`)
    if (its.type === 'text/html') return failed(`A page is served instead of its script ${script}.`)
  }
  return passed
}

/**
 * Tried if the manifest doesn't say where the API is. The answer may then be the client's page: the API may be
 * elsewhere.
 */
export const usualApi = '/api'

/** Passes for anything but a server error or the client's page, which is what a server without its API answers. */
export async function apiAnswers(ask: Ask, slot: Slot, { server, client }: Manifest): Promise<Verdict> {
  const answer = await ask(server.api ?? usualApi, 'application/json')
  if (typeof answer === 'string') return failed(answer)
  if (answer.status >= 500) return refused(answer)
  if (answer.status >= 300 || answer.type !== 'text/html') return passed
  const page = await pageOf(slot, client)
  if (page === undefined || !scriptsIn(page).every(it => answer.text.includes(it))) return passed
  return server.api === undefined
    ? { skipped: 'The answer is the client’s page. Set server.api in instance-manager.json to the API’s path.' }
    : failed('The answer is the client’s page.')
}

export async function urlAnswers(ask: Ask, { url = '/', status, text }: SmokeTest): Promise<Verdict> {
  const answer = await ask(url)
  if (typeof answer === 'string') return failed(answer)
  if (status === undefined ? answer.status >= 400 : answer.status !== status)
    return failed(`HTTP status ${answer.status}${status === undefined ? '' : `, not ${status}`}.`)
  if (text !== undefined && !answer.text.includes(text)) return failed(`The answer doesn’t contain “${text}”.`)
  return passed
}
