/** `doctor`: the health report, and applying the fixes that are safe. */
import { count } from '../../../shared/amounts'
import {
  checks,
  countOf,
  isWrong,
  marks,
  safeFixes,
  sharedTitle,
  summary,
  type Examined,
  type Finding,
} from '../../../shared/doctor'
import { updateHint, updateTitle } from '../../../shared/update'
import type { Client } from '../engine'
import { exitCodes } from '../exit-codes'
import { endedOf, withOperations, type Ended } from '../operate'
import { cleanLine } from '../print/clean'
import type { Paint, Style } from '../print/style'
import { table } from '../print/table'
import { interrupted, type CommandSession, type Result } from '../session'
import { runSubscription } from '../subscription'

export interface DoctorOptions {
  readonly all?: boolean
  readonly fix?: boolean
}

export async function doctor(
  session: CommandSession,
  name: string | undefined,
  options: DoctorOptions,
): Promise<Result> {
  if (options.fix) return fix(session, name, options)
  const { client } = await session.engine('look')
  return report(session, client, name, options)
}

/** Applies the safe fixes, one after the other. The report that follows has the rest. */
function fix(session: CommandSession, name: string | undefined, options: DoctorOptions): Promise<Result> {
  return withOperations(session, async ({ client, follower }) => {
    const operations: Ended[] = []
    for (const request of safeFixes(await examine(session, client, name))) {
      if (follower.cancelled) throw interrupted()
      operations.push(endedOf(await follower.run(it => it.operations.start.mutate(request))))
    }
    if (operations.length === 0 && !session.json) session.say('No safe fixes to apply.')
    return report(session, follower.client, name, options, operations)
  })
}

async function examine(session: CommandSession, client: Client, name: string | undefined): Promise<Examined[]> {
  const found: Examined[] = []
  await session.whileWatched(async signal => {
    await runSubscription(signal, done =>
      client.doctor.examine.subscribe(
        { name },
        {
          onData(news) {
            if (news.type === 'examined') found.push({ name: news.name, findings: news.findings })
            else if (!session.json && name === undefined && news.count > 1)
              session.say(session.err.paint('dim', `Examining ${count(news.count - 1, 'instance')}…`))
          },
          ...done,
        },
      ),
    )
    if (signal.aborted) throw interrupted()
  })
  return found
}

async function report(
  session: CommandSession,
  client: Client,
  name: string | undefined,
  { all = false }: DoctorOptions,
  operations?: readonly Ended[],
): Promise<Result> {
  const [found, update] = await Promise.all([examine(session, client, name), client.app.update.query()])
  return {
    exit: countOf(found, 'wrong') > 0 ? exitCodes.failed : exitCodes.done,
    data: { findings: found, ...(operations && { operations }), ...(update && { update }) },
    lines: [
      ...reportLines(found, all, session.out.paint),
      summary(found),
      ...(update ? ['', `${updateTitle(update)} ${updateHint(update)}`] : []),
    ],
  }
}

interface Row {
  readonly name: string
  readonly finding: Finding
}

const styles = { good: 'green', wrong: 'red', unchecked: 'yellow' } as const satisfies Record<Finding['is'], Style>

/** What is wrong first, each with what to do below it. */
function reportLines(found: readonly Examined[], all: boolean, paint: Paint): string[] {
  const rows = found.flatMap(({ name = sharedTitle, findings }) => findings.map((finding): Row => ({ name, finding })))
  const shown = (['wrong', 'unchecked', ...(all ? (['good'] as const) : [])] as const).flatMap(is =>
    rows.filter(it => it.finding.is === is),
  )
  if (shown.length === 0) return []
  const [head = '', ...lines] = table(
    [
      { title: '', text: it => marks[it.finding.is], paint: (text, it) => paint(styles[it.finding.is], text) },
      { title: 'NAME', text: it => cleanLine(it.name) },
      { title: 'CHECK', text: it => checks[it.finding.check].title },
      { title: 'FOUND', text: it => foundBy(it.finding) },
    ],
    shown,
    text => paint('dim', text),
  )
  const indent = ' '.repeat(4)
  return [
    head,
    ...lines.flatMap((line, index) => [line, ...(shown[index] ? adviceOf(shown[index].finding, indent) : [])]),
    '',
  ]
}

const foundBy = (it: Finding): string =>
  it.is === 'good' ? 'good' : cleanLine(it.is === 'wrong' ? it.because : `Couldn’t be checked: ${it.because}`)

function adviceOf(it: Finding, indent: string): string[] {
  if (!isWrong(it)) return []
  const { hint, fix: by } = it
  return [
    ...(hint === undefined ? [] : [`${indent}Hint: ${cleanLine(hint)}`]),
    ...(by ? [`${indent}Fix: ${by.label}. ${by.warning ?? 'Safe: applied by --fix.'}`] : []),
  ]
}
