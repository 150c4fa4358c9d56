/** Puts back what the last change of an instance's environment replaced. */
import { useQuery } from '@tanstack/react-query'
import { enumerate } from '../../../shared/amounts'
import { environmentJob } from '../../../shared/jobs/environment'
import { useRunning } from '../app/live'
import { when } from '../app/time'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { useJobs } from '../jobs/jobs'
import { EffectForm, effectOf } from './effect'

export function UndoForm({ name, onClose }: { name: string; onClose: () => void }) {
  const { send } = useJobs()
  const last = useQuery(useTRPC().instances.details.queryOptions({ name })).data?.envFile.last
  const running = useRunning().has(name)
  if (!last) return <p>There’s nothing left to undo.</p>
  const { keys, changed } = last
  return (
    <EffectForm
      label="Undo the change"
      verb="Undo"
      running={running}
      effect={effectOf(name, running, 'Undo')}
      send={restart => send({ kind: environmentJob.kind, name, undo: true, restart })}
      onClose={onClose}
    >
      <p className={dialogs.plain}>
        Restores {enumerate(keys)} to {keys.length === 1 ? 'its value' : 'their values'} from before {when(changed)}.
        Other variables aren’t changed.
      </p>
    </EffectForm>
  )
}
