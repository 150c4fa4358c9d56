/** Asks for a secret on the terminal, without showing what is typed. */
import { stderr, stdin } from 'node:process'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { interrupted, type CommandSession } from '../session'

/** @throws Failure on Ctrl+C and at the end of the input */
export const askHidden = (session: CommandSession, question: string): Promise<string> =>
  session.whileWatched(async signal => {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    stderr.write(question)
    try {
      return await Promise.race([
        lines.question('', { signal }),
        new Promise<never>((_, reject) => lines.once('close', () => reject(interrupted()))), // Ctrl+D
      ])
    } catch {
      throw interrupted()
    } finally {
      lines.close()
      stderr.write('\n')
    }
  })
