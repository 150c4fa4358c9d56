/** Journals left open by an earlier version (test/fixtures/journals-VERSION), placed in a current workspace. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeSealed } from '../../src/main/system/sealed'
import { workspacePaths } from '../../src/main/workspace/paths'
import { sealedSecrets } from './sealed'

const folder = resolve(import.meta.dirname, '../fixtures/journals-0.1')

export interface OldJournal {
  readonly id: string
  /** Marks what the operation created, if its kind uses a mark. */
  readonly token: string
  /** Its entries in that version's secrets.json. */
  readonly secrets: Readonly<Record<string, string>>
  /** The recorded lines, without their checksums. */
  readonly lines: readonly string[]
}

/** @param name of the file, without its extension */
export async function readOldJournal(name: string): Promise<OldJournal> {
  const text = await readFile(join(folder, `${name}.jsonl`), 'utf8')
  const lines = text
    .trimEnd()
    .split('\n')
    .map(it => it.slice(0, it.indexOf('\t')))
  const { id, plan } = JSON.parse(lines[0] ?? '') as { id: string; plan: { token?: string } }
  const secrets = await readFile(join(folder, `${name}.secrets.json`), 'utf8').catch(() => '{}')
  return { id, token: plan.token ?? '', lines, secrets: JSON.parse(secrets) as Record<string, string> }
}

/**
 * Writes it into a closed workspace, with its secrets.
 * @param replaced other differences from the recording, such as ports: from whole words to their replacements
 */
export async function plantOldJournal(
  root: string,
  { id, lines, secrets }: OldJournal,
  replaced: ReadonlyMap<string, string>,
): Promise<void> {
  const paths = workspacePaths(root)
  const here = (line: string): string =>
    [...replaced]
      .reduce((text, [from, to]) => text.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to), line)
      .replaceAll('<workspace>', JSON.stringify(root).slice(1, -1))
  await mkdir(paths.operations, { recursive: true, mode: 0o700 })
  await writeFile(join(paths.operations, `${id}.jsonl`), sealed(id, lines.map(here)), { mode: 0o600 })
  await writeSealed(paths.secrets, { ...(await sealedSecrets(paths.secrets)), ...secrets })
}

/** Seals lines as that version did. Written out here so that the fixtures don't change with the journal code. */
function sealed(id: string, lines: readonly string[]): string {
  let sum = id
  return lines
    .map(line => {
      sum = createHash('sha256').update(`${sum}\n${line}`).digest('hex').slice(0, 16)
      return `${line}\t${sum}\n`
    })
    .join('')
}
