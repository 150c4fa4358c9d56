/** Rolls an instance back: says what that does to the database first. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { rollbackJob } from '../../../shared/jobs/rebuild'
import type { Problem } from '../../../shared/problem'
import { rollbackWords } from '../../../shared/rebuild-words'
import type { WayBack } from '../../../shared/schema'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { Words } from '../app/words'
import dialogs from '../instances/dialogs.module.css'
import { useJobs } from '../jobs/jobs'
import classes from './rollback.module.css'

export function RollbackForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const { send } = useJobs()
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const wayBack = useQuery(trpc.rebuild.wayBack.queryOptions({ name }, { staleTime: 0 }))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setSending(true)
    send({ kind: rollbackJob.kind, name })
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Roll back the instance">
      <p className={dialogs.plain}>
        The instance gets the code it had before its last rebuild. Its uploads, settings and other files stay. Its
        current code is kept, so you can switch back again.
      </p>
      {wayBack.isPending && <Skeleton height={60} />}
      {wayBack.error && <ProblemView problem={problemOf(wayBack.error)} onRetry={() => void wayBack.refetch()} />}
      {wayBack.data && <Database wayBack={wayBack.data} />}
      {problem && <ProblemView problem={problem} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button type="submit" disabled={!wayBack.data} loading={sending}>
          Roll back
        </Button>
      </div>
    </form>
  )
}

function Database({ wayBack }: { wayBack: WayBack }) {
  const [sentences, limits] = rollbackWords(wayBack)
  return (
    <section className={classes.database} aria-label="The database">
      <p className={dialogs.plain}>{sentences.join(' ')}</p>
      {limits.length > 0 && (
        <>
          <p className={classes.head}>What to expect</p>
          <ul className={classes.limits}>
            {limits.map(it => (
              <li key={it}>
                <Words text={it} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
