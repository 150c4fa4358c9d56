/** PostgreSQL and PgBouncer in a table. */
import { serviceTitle, stateWords, type InfrastructureStatus, type ServiceStatus } from '../../../shared/infrastructure'
import { cleanLine } from './clean'
import type { Paint, Style } from './style'
import { table } from './table'

const styles: Readonly<Record<ServiceStatus['state'], Style>> = {
  running: 'green',
  'not-adopted': 'yellow',
  starting: 'cyan',
  restarting: 'yellow',
  stopping: 'cyan',
  stopped: 'dim',
  failed: 'red',
  absent: 'dim',
  unavailable: 'yellow',
}

export const serviceLines = ({ postgres, pgbouncer }: InfrastructureStatus, paint: Paint): string[] =>
  table<ServiceStatus>(
    [
      { title: 'SERVICE', text: it => serviceTitle[it.name] },
      {
        title: 'STATE',
        text: it => stateWords(it),
        paint: (text, it) => paint(styles[it.state], text),
      },
      { title: 'PORT', right: true, text: it => String(it.port) },
      { title: 'VERSION', text: it => it.version ?? '-' },
      { title: 'PROBLEM', text: it => cleanLine(it.problem?.message ?? '') },
    ],
    [postgres, pgbouncer],
    text => paint('dim', text),
  )
