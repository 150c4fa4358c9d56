/** Which other logs may know more about a moment. */
import { serviceNames } from '../../../shared/infrastructure'
import type { LogSource } from '../../../shared/log'

const services = serviceNames.map((name): LogSource => ({ kind: 'service', name }))

/** The likeliest first. */
export function othersOf(source: LogSource): readonly LogSource[] {
  if (source.kind !== 'service') return services
  return [...services.filter(it => it.kind === 'service' && it.name !== source.name), { kind: 'app' }]
}
