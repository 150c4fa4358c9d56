/** Creates an instance: the guide's nine steps, in seconds, whole or not at all. */
import { createInputSchema, databaseNames, urlOf, type CreateInput } from '../../shared/instance'
import type { Operation } from '../operations/operation'
import { createDatabase, createDirector } from './create/database'
import { placeFiles, prepareRelease, reserve } from './create/place'
import { createPlanSchema, planCreate, requireInfrastructure, type CreatePlan } from './create/plan'
import { startProcess, switchToPool, verifyHealth } from './create/run'
import { pushSchema } from './create/schema'
import type { CreateServices } from './create/services'
import { difference, subjectOf } from './lifecycle/derived'

/** Leaves nothing behind unless it succeeds; after a crash it is finished. */
export const createInstance = (to: CreateServices): Operation<CreateInput, CreatePlan> => ({
  kind: 'create', version: 1, recovery: 'resume', planSchema: createPlanSchema,
  subject: ({ name }) => subjectOf(name),
  contradiction: (plan, subject) => difference({ ...plan, subject }, { subject: subjectOf(plan.name), ...databaseNames(plan.name), url: urlOf(plan.port) }),
  plan: input => planCreate(to, createInputSchema.parse(input)),
  ready: async ({ pooled }) => { await requireInfrastructure(to, 'Start the infrastructure, then retry.', pooled) },
  steps: [
    reserve, prepareRelease, createDatabase, placeFiles, pushSchema, createDirector, switchToPool, startProcess, verifyHealth,
  ].map(step => step(to)),
})
