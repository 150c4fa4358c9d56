/** Puts back what the last change of an instance's environment replaced. */
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { enumerate } from '../../../shared/amounts'
import { environmentJob } from '../../../shared/jobs/environment'
import type { Problem } from '../../../shared/problem'
import { runs } from '../../../shared/status'
import { useInstances } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { when } from '../app/time'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { useJobs } from '../jobs/jobs'
import { EffectButtons, effectOf } from './effect'

export function UndoForm({ name, onClose }: { name: string; onClose: () => void }) {
  const { send } = useJobs()
  const last = useQuery(useTRPC().instances.details.queryOptions({ name })).data?.envFile.last
  const status = useInstances().data?.instances.find(it => it.name === name)?.status
  const running = status !== undefined && runs(status)
  const [sending, setSending] = useState<'now' | 'later'>()
  const [problem, setProblem] = useState<Problem>()
  const undo = (restart: boolean): void => {
    setSending(restart ? 'now' : 'later')
    send({ kind: environmentJob.kind, name, undo: true, restart })
      .then(onClose, (error: unknown) => setProblem(problemOf(error)))
      .finally(() => setSending(undefined))
  }
  if (!last) return <p>There is nothing to undo any more.</p>
  const { keys, changed } = last
  return (
    <form
      className={dialogs.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        undo(false)
      }}
      aria-label="Undo the change"
    >
      <p className={dialogs.plain}>
        {enumerate(keys)} will be as before {when(changed)}. All other variables stay.
      </p>
      <p className="dimmed">{effectOf(name, running, 'Undo')}</p>
      {problem && <ProblemView problem={problem} />}
      <EffectButtons
        verb="Undo"
        running={running}
        sending={sending}
        disabled={false}
        onRestart={() => undo(true)}
        onClose={onClose}
      />
    </form>
  )
}
