/** The drivers on both sides of a move: each has the workspace's settings, except for what differs on its side. */
import type { DriverKind } from '../../../shared/infrastructure'
import type { MovePlan, MoveSide } from '../../../shared/jobs/move'
import type { Settings } from '../../../shared/settings'
import type { Login } from '../connection'
import type { Driver } from '../drivers/driver'
import type { SecretStore } from '../secrets'
import { adminLogin, postgres } from '../services/postgres'

interface SettingsReader {
  read(): Promise<Settings>
}

export interface SideServices {
  readonly driverWith: (kind: DriverKind, settings: SettingsReader) => Driver
  readonly settings: SettingsReader
  readonly secrets: SecretStore
}

export class Sides {
  readonly #services: SideServices

  constructor(services: SideServices) {
    this.#services = services
  }

  old({ from }: Pick<MovePlan, 'from'>): Driver {
    return this.of(from)
  }

  /** The new one while the old one still has the port. */
  beside({ to, spare }: Pick<MovePlan, 'to' | 'spare'>): Driver {
    return this.of(to, spare)
  }

  new({ to }: Pick<MovePlan, 'to'>): Driver {
    return this.of(to)
  }

  /** @param port PostgreSQL's; absent: the one in the settings */
  of({ driver, container, image }: MoveSide, port?: number): Driver {
    return this.#services.driverWith(driver, {
      read: async () => {
        const settings = await this.#services.settings.read()
        return {
          ...settings,
          driver,
          ports: { ...settings.ports, postgres: port ?? settings.ports.postgres },
          containers: { ...settings.containers, postgres: container, postgresImage: image },
        }
      },
    })
  }

  /** Our role's login to its database `postgres`. @throws as `Driver.server` */
  async admin(driver: Driver): Promise<Login> {
    return await adminLogin(await driver.server(postgres), this.#services.secrets)
  }
}
