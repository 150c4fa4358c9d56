/** Shared by the steps of a creation. */
import { problem } from '../../../shared/problem'
import type { StepActions } from '../../operations/implement'
import { instancePaths, type InstancePaths } from '../../workspace/paths'
import type { CreatePlan } from '../../../shared/jobs/create'
import type { CreateServices } from './services'

/** Makes a step that uses these services. */
export type CreateStep = (services: CreateServices) => StepActions<CreatePlan>

export const folderOf = (services: CreateServices, plan: CreatePlan): InstancePaths =>
  instancePaths(services.paths, plan.manifest, plan.name)

/**
 * Someone removed the folder while the instance was being created. A new folder would have no token, so it could never
 * be removed safely.
 */
export const takenAway = ({ name }: CreatePlan) =>
  problem({
    code: 'folder-taken-away',
    message: `The folder of “${name}” was removed while the instance was being created.`,
    hint: 'The rest is rolled back. Create it again.',
  })
