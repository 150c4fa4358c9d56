/** The dialog that rebuilds several instances. */
import { count } from '../../../shared/amounts'
import { later } from '../app/later'
import type { ShownInstance } from '../instances/arrange'
import type { Question } from '../jobs/jobs'
import type { Skipped } from '../jobs/report'

const FleetForm = later(() => import('./fleet-form').then(it => it.FleetForm))

/** An instance that the operator leaves out of it is skipped. @param fleet at least two, in their order */
export const questionOnFleet = (
  fleet: readonly ShownInstance[],
  skipped: readonly Skipped[],
  ask: (question: Question) => void,
): Question => ({
  title: `Rebuild ${count(fleet.length, 'instance')}`,
  size: 640,
  form: close => (
    <FleetForm
      fleet={fleet}
      skipped={skipped}
      leaveOut={name =>
        ask(
          questionOnFleet(
            fleet.filter(it => it.instance.name !== name),
            [...skipped, { name, reason: 'left out' }],
            ask,
          ),
        )
      }
      onClose={close}
    />
  ),
})
