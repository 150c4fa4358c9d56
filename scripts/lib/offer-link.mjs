/** Offers, once, to put the command `instance-manager` on the PATH: a link in ~/.local/bin. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { project } from './places.mjs'
import { say } from './say.mjs'

const name = 'instance-manager'

/**
 * Does nothing if the command can be found, if it was offered before, or if there is nobody to ask.
 * @param ask resolves to the answer to a question
 */
export async function offerLink({ env = process.env, ask = onTerminal() } = {}) {
  const home = env.HOME || homedir()
  const offered = join(env.XDG_STATE_HOME || join(home, '.local', 'state'), name, 'link-offered')
  const link = join(home, '.local', 'bin', name)
  const folders = (env.PATH ?? '').split(delimiter)
  if (!ask || existsSync(offered) || [link, ...folders.map(it => join(it, name))].some(it => existsSync(it))) return
  const answer = await ask(`Put the command ${name} into ~/.local/bin? [Y/n] `)
  if (answer === undefined) return // Ctrl+D: ask another time
  mkdirSync(dirname(offered), { recursive: true })
  writeFileSync(offered, '')
  if (!/^(y|yes|)$/i.test(answer.trim())) return
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(join(project, 'scripts', 'cli.mjs'), link)
  if (!folders.includes(dirname(link))) say('~/.local/bin isn’t on your PATH yet: sign in again, or add it.')
}

function onTerminal() {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return async question => {
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    try {
      return await Promise.race([lines.question(question), new Promise(done => lines.once('close', () => done()))])
    } finally {
      lines.close()
    }
  }
}
