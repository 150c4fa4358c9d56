/** Asks before PostgreSQL moves to another driver: shows what changes, what it costs and what prevents it. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { DriverKind } from '../../../shared/infrastructure'
import { moveSentences, type MoveReview } from '../../../shared/move'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { Sentences } from './sentences'

export function MoveForm({ driver, onMove, onClose }: { driver: DriverKind; onMove: () => void; onClose: () => void }) {
  const trpc = useTRPC()
  const review = useQuery(trpc.infrastructure.reviewMove.queryOptions({ driver }, { staleTime: 0, gcTime: 0 }))
  const ready = review.data?.refused.length === 0
  return (
    <form
      className={dialogs.form}
      onSubmit={event => {
        event.preventDefault()
        onMove()
      }}
    >
      {review.isPending && <Skeleton height={180} aria-label="Loading" />}
      {review.error && <ProblemView problem={problemOf(review.error)} onRetry={() => void review.refetch()} />}
      {review.data?.refused.map(it => (
        <ProblemView key={it.message} problem={it} quiet />
      ))}
      {review.data && <Review review={review.data} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button type="submit" disabled={!ready}>
          Move
        </Button>
      </div>
    </form>
  )
}

function Review({ review }: { review: MoveReview }) {
  const { changes, costs } = moveSentences(review)
  return (
    <>
      <Sentences title="What changes" all={changes} />
      <Sentences title="What it costs" all={costs} />
      <p>
        The switch happens only once every table is the same in the new PostgreSQL. If anything goes wrong before that,
        everything is put back as it was.
      </p>
    </>
  )
}
