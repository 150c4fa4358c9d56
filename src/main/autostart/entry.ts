/** What runs after a boot: a command with its environment, and the record by which we recognise it as ours. */
import { delimiter, dirname } from 'node:path'
import { z } from 'zod'
import { engineVariables } from '../system/environment'
import type { Base } from '../workspace/opened'

const recordSchema = z.object({
  /** The workspace's id, which it keeps when it is moved. */
  workspace: z.uuid(),
  path: z.string(),
  node: z.string(),
  script: z.string(),
})
export type AutostartRecord = Readonly<z.infer<typeof recordSchema>>

export interface Entry {
  readonly record: AutostartRecord
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Variables that decide what the command finds. Neither proxies, which may contain passwords and aren't needed because
 * nothing is downloaded, nor XDG_RUNTIME_DIR and TMPDIR, which may only exist while the user is logged in.
 */
const kept = [
  'LANG',
  'LC_ALL',
  'TZ',
  'PM2_HOME',
  'INSTANCE_MANAGER_DEFAULTS',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_CACHE_HOME',
  'NODE_EXTRA_CA_CERTS',
  ...engineVariables,
] as const

const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** @param env ours */
export function entryOf({ identity, paths, node, place }: EntryBase, env = process.env): Entry {
  const record = { workspace: identity.id, path: paths.root, node: node.path, script: place.product.cli }
  return {
    record,
    words: [record.node, record.script, '--workspace', record.path, 'resurrect'],
    environment: {
      PATH: searchPath(record.node, env['PATH'] ?? ''),
      ...Object.fromEntries(kept.flatMap(name => (env[name] ? [[name, env[name]]] : []))),
    },
  }
}
export interface EntryBase extends Pick<Base, 'identity' | 'paths'> {
  readonly node: Pick<Base['node'], 'path'>
  readonly place: Pick<Base['place'], 'product'>
}

/** The operator's own, where tools and instances find their programs today, without what npm adds while it runs us. */
function searchPath(node: string, given: string): string {
  const folders = given.split(delimiter).filter(it => it.startsWith('/') && !/\/node_modules\//.test(`${it}/`))
  return [...new Set([...folders, dirname(node), ...systemFolders])].join(delimiter)
}

const mark = '# Created by Instance Manager: '

/** A comment for unit files and crontabs. JSON has no line breaks, and doesn't end with a backslash. */
export const recordLine = (record: AutostartRecord): string => mark + JSON.stringify(record)

/** @returns undefined if the line isn't such a comment */
export function recordIn(line: string): AutostartRecord | undefined {
  if (!line.startsWith(mark)) return undefined
  try {
    return recordSchema.safeParse(JSON.parse(line.slice(mark.length))).data
  } catch {
    return undefined
  }
}
