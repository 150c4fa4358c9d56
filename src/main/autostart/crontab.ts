/** A line in the user's crontab that starts the workspace, where there is no systemd. */
import { shellWord } from '../../shared/shell-word'
import { problem, ProblemError } from '../../shared/problem'
import { allPids, program } from '../system/proc'
import type { Run } from '../system/run'
import { recordIn, recordLine, type AutostartRecord, type Entry } from './entry'
import { idle, saidNo, type Found, type Starter } from './starter'

const timeout = 20_000
const begins = '@reboot '

/** @param workspace its id */
export function crontab(run: Run, workspace: string): Starter {
  const read = (): Promise<string> =>
    run('crontab', ['-l'], { timeout }).catch((error: unknown) => {
      // Only if it says so: otherwise, writing would delete the operator's lines.
      if (error instanceof ProblemError && /^no crontab for /im.test(error.problem.details ?? '')) return ''
      return saidNo('Your crontab couldn’t be read.')(error)
    })

  /** @param more lines */
  async function write(lines: readonly string[], more: readonly string[] = []): Promise<void> {
    const text = [...lines, ...more].map(it => `${it}\n`).join('')
    await run('crontab', [text === '' ? '-r' : '-'], { timeout, input: text }).catch(
      saidNo('Your crontab couldn’t be changed.'),
    )
  }

  return {
    by: 'crontab',
    async find() {
      const { ours, at } = split(await read(), workspace)
      return ours && { record: ours, ...(at ? await doubt() : { idle: idle('Its line in the crontab is gone.') }) }
    },
    async put(entry) {
      const lines = crontabLines(entry)
      await write(split(await read(), workspace).others, lines)
    },
    async remove() {
      const { ours, others } = split(await read(), workspace)
      if (ours) await write(others)
    },
  }
}

async function doubt(): Promise<Pick<Found, 'doubt'>> {
  const names = await Promise.all((await allPids()).map(program))
  if (names.some(it => it === 'cron' || it === 'crond')) return {}
  return {
    doubt: {
      code: 'autostart-no-cron',
      message: 'cron doesn’t seem to be running.',
      cause: 'The crontab has the line, but only cron reads it.',
      hint: 'Make sure that cron starts when this machine boots.',
    },
  }
}

/** @returns `at`: whether our line is there, below its comment; `others`: all lines except ours */
function split(text: string, workspace: string) {
  const lines = text.replace(/\n$/, '').split('\n')
  const others: string[] = []
  let [ours, at]: [AutostartRecord | undefined, boolean] = [undefined, false]
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const record = recordIn(line)
    if (record?.workspace !== workspace) others.push(line)
    else {
      ours = record
      at = lines[index + 1]?.startsWith(begins) === true
      if (at) index++
    }
  }
  return { ours, at, others: text === '' ? [] : others }
}

/**
 * The comment and the line. @throws Problem `autostart-path`: a crontab has no way to write a line break, and crons
 * differ on backslashes
 */
export function crontabLines({ record, words, environment }: Entry): string[] {
  const all = [
    ...Object.entries(environment).map(([key, value]) => `${key}=${shellWord(value)}`),
    ...words.map(shellWord),
  ]
  const bad = all.find(it => /[\\\p{Cc}]/u.test(it))
  if (bad !== undefined)
    throw problem({
      code: 'autostart-path',
      message: 'cron can’t start this workspace.',
      cause: `A command in a crontab can’t contain backslashes or line breaks, as in ${bad.replace(/\p{Cc}/gu, ' ')}.`,
      hint: 'Rename that folder, then try again.',
    })
  // To cron, before the shell sees it, an unescaped % ends the command.
  return [recordLine(record), begins + all.join(' ').replaceAll('%', String.raw`\%`)]
}
