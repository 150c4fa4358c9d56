/** What the steps of a creation share. */
import { problem } from '../../../shared/problem'
import type { StepActions } from '../../operations/implement'
import { instancePaths, type InstancePaths } from '../../workspace/paths'
import type { CreatePlan } from '../../../shared/jobs/create'
import type { CreateServices } from './services'

/** A step, given its collaborators. */
export type CreateStep = (services: CreateServices) => StepActions<CreatePlan>

export const folderOf = (services: CreateServices, plan: CreatePlan): InstancePaths =>
  instancePaths(services.paths, plan.manifest, plan.name)

/**
 * Someone removed the folder while it was in the making. What would be made anew had no mark, and nobody would dare to
 * take it back.
 */
export const takenAway = ({ name }: CreatePlan) =>
  problem({
    code: 'folder-taken-away',
    message: `The folder of “${name}” was removed while the instance was being created.`,
    hint: 'The rest is rolled back. Create it again.',
  })
