/** Whether an instance will be down during a rebuild, and for how long. */
import type { InstanceConfig } from '../../../shared/instance'
import type { Target } from '../../../shared/jobs/target'
import type { Gap } from '../../../shared/rebuild-review'
import { things } from '../../../shared/things'
import { nameOf } from '../../operations/claims'
import type { Operations } from '../../operations/engine'
import { isActive, ownedBy, ownProcess } from '../lifecycle/own-process'
import type { LifecycleServices } from '../lifecycle/target'
import { expectedGap } from './review-time'

export interface GapServices extends Pick<LifecycleServices, 'processes'> {
  readonly operations: Pick<Operations, 'list'>
}

/** Looks at all processes once. If PM2 can't be asked, each instance counts as running. */
export async function gaps({
  processes,
  operations,
}: GapServices): Promise<(target: Target, config: InstanceConfig) => Promise<Gap>> {
  const found = await Promise.all([processes.list(), processes.lost()]).catch(() => undefined)
  return async (target, config) => {
    const seconds = expectedGap(operations.list(), nameOf(things.instance(target.name)))
    const known = seconds === undefined ? {} : { seconds }
    if (!found) return { running: true, seamless: false, ...known }
    const [listed, lost] = found
    const process = await ownProcess(listed, target)
    const active = process !== undefined && isActive(process.status)
    return {
      running: active || (await ownedBy(lost, target)).length > 0,
      seamless: config.seamless === true && process?.status === 'online' && process.execMode === 'cluster',
      ...known,
    }
  }
}
