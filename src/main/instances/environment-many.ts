/** Makes one change in the environment of several instances. */
import { environmentJob, environmentManyJob } from '../../shared/jobs/environment'
import { planOf } from '../../shared/jobs/words'
import type { AnyOperation } from '../operations/operation'
import { batch } from './batch'
import type { ManyServices } from './many'

export const environmentChanges = ({ operations }: Pick<ManyServices, 'operations'>): AnyOperation =>
  batch(operations, environmentManyJob, {
    of: environmentJob.kind,
    items: ({ names, changes, restart }) => names.map(name => ({ name, changes, restart })),
    rest: ({ changes, restart }) => ({ keys: changes.map(it => it.key), restart }),
    does: ({ changes }, operation) => {
      const plan = planOf(environmentJob, operation)
      return plan !== undefined && [...plan.set, ...plan.removed].every(key => changes.some(it => it.key === key))
    },
    already: 'env-same',
  })
