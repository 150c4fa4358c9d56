/** Rebuilds an instance: shows what changes and what stays before anything begins. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { rebuildJob } from '../../../shared/jobs/rebuild'
import type { Problem } from '../../../shared/problem'
import type { RebuildReview } from '../../../shared/rebuild-review'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { useJobs } from '../jobs/jobs'
import { Changes } from './changes'
import { Cost, Kept } from './kept'
import classes from './rebuild.module.css'

export function RebuildForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const { send } = useJobs()
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const review = useQuery(trpc.rebuild.review.queryOptions({ name }, { staleTime: 0, trpc: { abortOnUnmount: true } }))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!review.data) return
    setSending(true)
    send({ kind: rebuildJob.kind, name })
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate aria-label="Rebuild the instance">
      <p className={dialogs.plain}>{review.data?.upToDate ? upToDate(name) : asNow}</p>
      {review.isPending && <Skeleton height={260} aria-label="Loading" />}
      {review.error && (
        <ProblemView
          problem={problemOf(review.error)}
          onRetry={() => void review.refetch()}
          retrying={review.isFetching}
        />
      )}
      {review.data && <Review review={review.data} />}
      {problem && <ProblemView problem={problem} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button type="submit" disabled={!review.data} loading={sending}>
          {review.data?.upToDate ? 'Rebuild anyway' : 'Rebuild'}
        </Button>
      </div>
    </form>
  )
}

const asNow =
  'It gets the base application as it is now. The new code is tried beside the running one first; if it isn’t healthy, nothing changes.'
const upToDate = (name: string): string => `“${name}” already has the base application as it is now.`

function Review({ review }: { review: RebuildReview }) {
  return (
    <dl className={classes.review}>
      {!review.upToDate && <Changes review={review} />}
      <Kept stays={review.stays} />
      <Cost review={review} />
    </dl>
  )
}
