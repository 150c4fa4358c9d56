/** Which other logs may know more of a moment. */
import type { LogSource } from '../../../shared/log'

const services: readonly LogSource[] = [
  { kind: 'service', name: 'postgres' },
  { kind: 'service', name: 'pgbouncer' },
]

/** The likeliest first. */
export function othersOf(source: LogSource): readonly LogSource[] {
  if (source.kind !== 'service') return services
  return [...services.filter(it => it.kind === 'service' && it.name !== source.name), { kind: 'app' }]
}
