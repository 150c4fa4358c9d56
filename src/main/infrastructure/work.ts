/** What is done with the shared services: the jobs, and what hardening or a move would change. */
import type { AnyOperation } from '../operations/operation'
import type { Base } from '../workspace/opened'
import type { Databases } from './databases'
import { Hardening } from './harden/hardening'
import { infrastructureHarden } from './harden/job'
import { loadImages, refreshImages } from './images'
import type { Infrastructure } from './infrastructure'
import type { Former } from './move/former'
import { infrastructureMove } from './move/job'
import { Moving } from './move/moving'
import { removeFormer } from './move/remove-former'
import { Sides, type SideServices } from './move/sides'
import { infrastructureRestart } from './restart'
import { settingsChange } from './settings-change'
import { infrastructureStart } from './start'
import { infrastructureStop } from './stop'

interface Services extends Pick<Base, 'settings' | 'secrets'> {
  readonly infrastructure: Infrastructure
  readonly databases: Databases
  readonly former: Former
  readonly driverWith: SideServices['driverWith']
  /** Begins a job that starts these instances. @returns its id */
  beginStart(names: readonly string[]): Promise<string>
}

/** The jobs, and what they and their reviews are made of. */
export interface InfrastructureWork {
  readonly jobs: readonly AnyOperation[]
  readonly hardening: Hardening
  readonly moving: Moving
}

export function infrastructureWork(services: Services): InfrastructureWork {
  const { infrastructure } = services
  const all = { ...services, sides: new Sides(services) }
  const hardening = new Hardening(all)
  const moving = new Moving(all)
  return {
    jobs: [
      infrastructureStart(infrastructure, names => services.beginStart(names)),
      infrastructureStop(infrastructure),
      infrastructureRestart(infrastructure),
      loadImages(infrastructure),
      refreshImages(infrastructure),
      settingsChange(all),
      infrastructureHarden({ ...all, hardening }),
      infrastructureMove({ ...all, moving }),
      removeFormer(all),
    ],
    hardening,
    moving,
  }
}
