/** Jobs that only go forward from a certain step on: neither cancelled nor rolled back then. */
import { hasBegun, type OperationState } from '../../../shared/operation'

const pivots: Readonly<Record<string, string>> = {
  stop: 'stop-process',
  delete: 'drop-database',
  'remove-leftovers': 'drop-database',
  unisolate: 'remove-user',
}

export const isPastReturn = ({ kind, steps }: OperationState): boolean =>
  steps.some(it => it.name === pivots[kind] && hasBegun(it))
