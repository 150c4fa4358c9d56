/** `releases`: lists prepared releases, and removes those that nothing uses. */
import { bytes, capital, count } from '../../../shared/amounts'
import { usesOf, type ReleaseList, type Removed } from '../../../shared/releases'
import { cleanLine } from '../print/clean'
import type { Paint } from '../print/style'
import { table } from '../print/table'
import type { Result, CommandSession } from '../session'

export async function list(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  const data = await client.releases.list.query()
  return { data, lines: linesOf(data, session.out.paint) }
}

export async function prune(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('change')
  const data = await client.releases.prune.mutate()
  return { data, lines: [removedLine(data)] }
}

function removedLine({ releases, bytes: freed }: Removed): string {
  if (freed === 0) return 'Nothing to remove: every release is in use or the newest.'
  return `Removed ${releases === 0 ? 'what a failed preparation left' : count(releases, 'release')}. Freed ${bytes(freed)}.`
}

function linesOf({ releases, bytes: total, removable }: ReleaseList, paint: Paint): string[] {
  if (releases.length === 0) return ['No releases yet. Creating the first instance prepares one.']
  const rows = table(
    [
      { title: 'RELEASE', text: it => it.fingerprint.slice(0, 8) },
      { title: 'PREPARED', text: it => it.prepared.slice(0, 16).replace('T', ' ') || '-' },
      { title: 'SIZE', right: true, text: it => bytes(it.bytes) },
      { title: 'USED BY', text: it => cleanLine(usesOf(it)) },
    ],
    releases,
    text => paint('dim', text),
  )
  return [
    ...rows,
    '',
    `Total: ${bytes(total)}. Each size is what removing that release alone would free, without parts it shares.`,
    ...(removable.bytes > 0
      ? [
          `${capital(count(removable.releases, 'release'))} can be removed with “releases prune”: ${bytes(removable.bytes)}.`,
        ]
      : []),
  ]
}
