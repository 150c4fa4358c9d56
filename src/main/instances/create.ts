/** Creates an instance: the guide's nine steps, in seconds, whole or not at all. */
import { createInputSchema, databaseNames, urlOf, type CreateInput } from '../../shared/instance'
import type { Claim } from '../../shared/operation'
import { things } from '../../shared/things'
import { owns, uses } from '../operations/claims'
import type { Operation } from '../operations/operation'
import { createDatabase, createDirector } from './create/database'
import { placeFiles, prepareRelease, reserve } from './create/place'
import {
  createPlanSchema,
  creationSecrets,
  directorPassword,
  planCreate,
  requireInfrastructure,
  type CreatePlan,
} from './create/plan'
import { startProcess, switchToPool, verifyHealth } from './create/run'
import { pushSchema } from './create/schema'
import type { CreateServices } from './create/services'
import { difference, subjectOf } from './lifecycle/derived'

/** Leaves nothing behind unless it succeeds; after a crash it is finished. */
export const createInstance = (to: CreateServices): Operation<CreateInput, CreatePlan> => ({
  kind: 'create',
  version: 2,
  recovery: 'resume',
  planSchema: createPlanSchema,
  about: ({ name }) => things.instance(name),
  claims: createClaims,
  // it has more steps, and its secrets elsewhere
  adopt: (version, plan) => (version === 1 ? (plan as CreatePlan) : undefined),
  contradiction: (plan, subject) =>
    difference(
      { ...plan, subject },
      { subject: subjectOf(plan.name), ...databaseNames(plan.name), url: urlOf(plan.port) },
    ),
  plan: input => planCreate(to, createInputSchema.parse(input)),
  ready: async ({ pooled }) => {
    await requireInfrastructure(to, 'Start the infrastructure, then retry.', pooled)
  },
  secrets: input => creationSecrets(createInputSchema.parse(input).director.password),
  shows: directorPassword,
  steps: ({ pooled, heldBy, systemUser }) =>
    [
      reserve,
      prepareRelease,
      createDatabase,
      placeFiles,
      pushSchema,
      createDirector,
      ...(pooled ? [switchToPool] : []),
      ...(heldBy === undefined || systemUser ? [startProcess] : []),
      verifyHealth,
    ].map(step => step(to)),
})

/** Where another instance runs on its port, it isn't started, and the port stays the other's. */
const createClaims = ({ name, port, heldBy, fingerprint }: CreatePlan): Claim[] => [
  owns(things.instance(name)),
  ...(heldBy === undefined ? [owns(things.port(port))] : []),
  uses(things.infrastructure),
  uses(things.release(fingerprint)),
]
