/** The health report: what is checked, what was found, and what fixes it. Findings contain no secrets. */
import { enumerate, count } from './amounts'
import type { StartRequest } from './jobs'
import { infrastructureStartJob } from './jobs/infrastructure'
import { fixableParts, fixJob } from './jobs/fix'

export const groupTitle = { process: 'Process', network: 'Network', database: 'Database', files: 'Files' } as const
export type CheckGroup = keyof typeof groupTitle
export const checkGroups = Object.keys(groupTitle) as CheckGroup[]

/** Every check, in the order of the report: first those of what the instances share, then those of one instance. */
export const checks = {
  daemon: { group: 'process', title: 'PM2' },
  'daemon-version': { group: 'process', title: 'PM2’s version' },
  node: { group: 'process', title: 'Node.js' },
  postgres: { group: 'database', title: 'PostgreSQL' },
  pgbouncer: { group: 'database', title: 'PgBouncer' },
  disk: { group: 'files', title: 'Disk space' },
  private: { group: 'files', title: 'Instance Manager’s own files' },
  operation: { group: 'process', title: 'Open operations' },
  config: { group: 'files', title: 'config.json' },
  listed: { group: 'process', title: 'PM2’s list' },
  status: { group: 'process', title: 'Status' },
  restarts: { group: 'process', title: 'Restarts' },
  port: { group: 'network', title: 'Port' },
  http: { group: 'network', title: 'HTTP answer' },
  direct: { group: 'database', title: 'Direct login' },
  pooled: { group: 'database', title: 'Login through PgBouncer' },
  rights: { group: 'database', title: 'Database and role' },
  env: { group: 'files', title: '.env' },
  'database-config': { group: 'files', title: 'db-config.json' },
  modes: { group: 'files', title: 'File permissions' },
  code: { group: 'files', title: 'Code and packages' },
  prisma: { group: 'files', title: 'Prisma client' },
  client: { group: 'files', title: 'The client’s build' },
} as const satisfies Record<string, { readonly group: CheckGroup; readonly title: string }>
export type CheckId = keyof typeof checks

/** A job that fixes something. */
export interface Fix {
  /** On the button, e.g. “Rewrite .env”. */
  readonly label: string
  readonly request: StartRequest
  /** What it costs, in a sentence, to be confirmed before it begins. Absent: it is safe and interrupts nobody. */
  readonly warning?: string
}

/** What a check found. `unchecked`: it couldn't be found out. */
export type Verdict =
  | { readonly is: 'good' }
  | { readonly is: 'unchecked'; readonly because: string }
  | { readonly is: 'wrong'; readonly because: string; readonly hint?: string | undefined; readonly fix?: Fix }

export type Finding = Verdict & { readonly check: CheckId }

/** All findings about an instance or, without a name, about what the instances share. */
export interface Examined {
  readonly name?: string
  readonly findings: readonly Finding[]
}

/** `begun`: how many reports will come. */
export type ExaminationNews =
  { readonly type: 'begun'; readonly count: number } | ({ readonly type: 'examined' } & Examined)

export const isWrong = (it: Finding): it is Extract<Finding, { is: 'wrong' }> => it.is === 'wrong'

export const countOf = (all: readonly Examined[], is: Finding['is']): number =>
  all.reduce((sum, { findings }) => sum + findings.filter(it => it.is === is).length, 0)

/**
 * The jobs that fix everything that is safe to fix, each once, in an order in which they can succeed: the
 * infrastructure first, an instance's files and database before its process.
 */
export function safeFixes(all: readonly Examined[]): StartRequest[] {
  const requests = all.flatMap(({ findings }) =>
    findings.filter(isWrong).flatMap(({ fix }) => (fix && fix.warning === undefined ? [fix.request] : [])),
  )
  const parts = new Map<string, Set<string>>()
  const others = new Map<string, StartRequest>()
  for (const it of requests) {
    if (it.kind === fixJob.kind) parts.set(it.name, new Set([...(parts.get(it.name) ?? []), ...it.parts]))
    else others.set(JSON.stringify(it), it)
  }
  const fixes = [...parts].map(([name, its]): StartRequest => ({
    kind: fixJob.kind,
    name,
    parts: fixableParts.filter(it => its.has(it)),
  }))
  const rest = [...others.values()]
  const first = rest.filter(it => it.kind === infrastructureStartJob.kind)
  return [...first, ...fixes, ...rest.filter(it => it.kind !== infrastructureStartJob.kind)]
}

/** In one line, e.g. “3 things are wrong with this machine and school.” */
export function summary(all: readonly Examined[]): string {
  const wrong = countOf(all, 'wrong')
  const unknown = countOf(all, 'unchecked')
  const rest = unknown === 0 ? '' : ` ${unknown === 1 ? 'One check' : `${unknown} checks`} couldn’t be completed.`
  if (wrong === 0) return unknown === 0 ? 'Everything is fine.' : `No problems were found.${rest}`
  const whose = all.filter(it => it.findings.some(isWrong)).map(it => it.name ?? 'this machine')
  return `${wrong === 1 ? 'One thing is' : `${wrong} things are`} wrong with ${enumerate(whose)}.${rest}`
}

/** Shown in place of an instance's name. */
export const sharedTitle = 'This machine'

/** The report as text, for a ticket or an e-mail. */
export function reportText(all: readonly Examined[], { version, at }: { version: string; at: Date }): string {
  const lines = all.flatMap(({ name, findings }) => [
    '',
    name ?? sharedTitle,
    ...findings.map(it => `  ${marks[it.is]} ${checks[it.check].title}${detail(it)}`),
  ])
  const instances = count(all.filter(it => it.name !== undefined).length, 'instance')
  return [
    `Instance Manager ${version}, health report of ${instances}, ${at.toISOString()}`,
    summary(all),
    ...lines,
    '',
  ].join('\n')
}

export const marks = { good: '✓', wrong: '✗', unchecked: '–' } as const

/** Why, and what to do, on the same line. */
export function detail(it: Finding): string {
  if (it.is === 'good') return ''
  if (it.is === 'unchecked') return `: couldn’t be checked. ${it.because}`
  return `: ${[it.because, it.hint, it.fix && `To fix it: ${it.fix.label}.`].filter(Boolean).join(' ')}`
}
