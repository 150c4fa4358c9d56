/** Sets up the infrastructure of a new workspace. Skipped if it exists already, or if there are instances. */
import { useState, type ReactNode } from 'react'
import { createJob } from '../../../shared/jobs/create'
import { infrastructureStartJob } from '../../../shared/jobs/infrastructure'
import type { InstanceList } from '../../../shared/instance'
import { isOpen } from '../../../shared/operation'
import { later, Part } from '../app/later'
import { useApp, useFailedLive, useInfrastructure, useInstances, useOperations } from '../app/live'
import { Opening } from '../app/opening'

const StartInfrastructure = later(() => import('./start-infrastructure').then(it => it.StartInfrastructure))

export function Setup({ children }: { children: ReactNode }) {
  const { workspace } = useApp()
  const { data: infrastructure } = useInfrastructure()
  const { data: instances } = useInstances()
  const failed = useFailedLive()
  const { operations, ready } = useOperations()
  // Decided once, as soon as it can be, so the screen doesn't vanish while the start that it triggered is
  // running.
  const [shown, setShown] = useState<boolean>()
  if (shown === undefined && (failed.length || (instances && hasAny(instances)))) setShown(false)
  else if (shown === undefined && infrastructure && instances && ready) {
    const starting = operations.some(it => isOpen(it) && it.kind === infrastructureStartJob.kind)
    const created = operations.some(it => it.kind === createJob.kind)
    setShown(!created && (starting || infrastructure.postgres.state !== 'running'))
  }
  if (shown === undefined) return <Opening name={workspace?.name} />
  if (!shown) return children
  return (
    <Part>
      <StartInfrastructure onDone={() => setShown(false)} />
    </Part>
  )
}

const hasAny = ({ instances, broken }: InstanceList): boolean => instances.length > 0 || broken.length > 0
