/** Creates an instance: the guide's nine steps, in seconds, all or nothing. */
import { createJob, createManyJob } from '../../shared/jobs/create'
import { urlOf } from '../../shared/address'
import { databaseNames } from '../../shared/instance'
import { implement, unchangedSince } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { batch } from './batch'
import { createDatabase, createDirector } from './create/database'
import { placeFiles, prepareRelease, reserve } from './create/place'
import { creationSecrets, directorPassword, planCreate, requireInfrastructure } from './create/plan'
import { smokeTests, startProcess, switchToPool, verifyHealth } from './create/run'
import { pushSchema } from './create/schema'
import type { CreateServices } from './create/services'
import { difference, subjectOf } from './lifecycle/derived'
import type { ManyServices } from './many'

/** All or nothing. Resumes after a crash. */
export const creation = (services: CreateServices): AnyOperation =>
  implement(createJob, {
    plan: input => planCreate(services, input),
    adopt: unchangedSince(1),
    contradiction: (plan, subject) =>
      difference(
        { ...plan, subject },
        { subject: subjectOf(plan.name), ...databaseNames(plan.name), url: urlOf(plan) },
      ),
    ready: async ({ pooled }) => {
      await requireInfrastructure(services, 'Start the infrastructure, then retry.', pooled)
    },
    secrets: input => creationSecrets(input.director.password),
    shows: directorPassword,
    steps: {
      reserve: reserve(services),
      'prepare-release': prepareRelease(services),
      'create-database': createDatabase(services),
      'place-files': placeFiles(services),
      'push-schema': pushSchema(services),
      'create-director': createDirector(services),
      'switch-to-pool': switchToPool(services),
      'start-process': startProcess(services),
      'verify-health': verifyHealth(services),
      'smoke-tests': smokeTests(services),
    },
  })

/** Creates several instances. */
export const creations = (
  services: Pick<CreateServices, 'infrastructure'> & Pick<ManyServices, 'operations'>,
): AnyOperation =>
  batch(services.operations, createManyJob, {
    of: createJob.kind,
    async items({ items }) {
      await requireInfrastructure(services, 'Start the infrastructure, then create the instances again.')
      return items
    },
    rest: () => ({}),
  })
