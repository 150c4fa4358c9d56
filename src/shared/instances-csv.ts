/** The list of instances as a CSV file. */
import Papa from 'papaparse'
import type { InstanceView } from './instance'

const columns: readonly (readonly [string, (it: InstanceView) => string | number | undefined])[] = [
  ['name', it => it.name],
  ['status', it => (it.foreign === undefined ? it.status : 'copy')],
  ['port', it => it.port],
  ['address', it => it.url],
  ['database', it => it.database],
  ['database bytes', it => it.databaseSize],
  ['memory bytes', it => it.memory],
  ['CPU percent', it => it.cpu],
  ['restarts', it => it.restarts],
  ['started', it => (it.startedAt === undefined ? undefined : new Date(it.startedAt).toISOString())],
  ['created', it => it.created],
  ['release', it => it.release],
  ['outdated', it => (it.outdated === undefined ? undefined : it.outdated ? 'yes' : 'no')],
]

/** Numbers are plain and times in UTC. Whatever a spreadsheet would compute gets a quote in front. */
export const instancesCsv = (instances: readonly InstanceView[]): string =>
  `${Papa.unparse(
    [columns.map(([title]) => title), ...instances.map(it => columns.map(([, value]) => value(it) ?? ''))],
    { escapeFormulae: true, newline: '\n' },
  )}\n`
