/** Makes one change in the environment of several instances. */
import { environmentJob, environmentManyJob } from '../../shared/jobs/environment'
import type { AnyOperation } from '../operations/operation'
import { batch } from './batch'
import type { ManyServices } from './many'

export const environmentChanges = ({ operations }: Pick<ManyServices, 'operations'>): AnyOperation =>
  batch(operations, environmentManyJob, {
    of: environmentJob.kind,
    items: ({ names, changes, restart }) => names.map(name => ({ name, changes, restart })),
    rest: ({ changes, restart }) => ({ keys: changes.map(it => it.key), restart }),
    already: 'env-same',
  })
