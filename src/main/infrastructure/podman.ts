// placeholder of the lead until podman.ts lands: overwrite it
import type { DriverKind, DriverOption } from '../../shared/infrastructure'
import type { DriverServices } from './driver'
import { EmbeddedDriver } from './embedded'
export class ContainerDriver extends (EmbeddedDriver as unknown as new (services: DriverServices) => Omit<EmbeddedDriver, 'kind' | 'detect'>) {
  constructor(readonly kind: DriverKind, services: DriverServices) { super(services) }
  detect(): Promise<DriverOption> { return Promise.resolve({ kind: this.kind, available: false, reason: 'placeholder' }) }
}
