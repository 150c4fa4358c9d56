/** Asks before adopted containers are hardened: what changes, what it costs, and what stands in the way. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { hardenSentences, type HardenReview } from '../../../shared/hardening'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { Sentences } from './sentences'

export function HardenForm({ onHarden, onClose }: { onHarden: () => void; onClose: () => void }) {
  const trpc = useTRPC()
  const review = useQuery(trpc.infrastructure.reviewHardening.queryOptions(undefined, { staleTime: 0, gcTime: 0 }))
  const ready = review.data?.refused.length === 0
  return (
    <form
      className={dialogs.form}
      onSubmit={event => {
        event.preventDefault()
        onHarden()
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
          Harden
        </Button>
      </div>
    </form>
  )
}

function Review({ review }: { review: HardenReview }) {
  const { changes, costs } = hardenSentences(review)
  return (
    <>
      <Sentences title="What changes" all={changes} />
      <Sentences title="What it costs" all={costs} />
      <p>
        Databases, names and ports stay. At the end, the logins of all instances are tried, and so are logins that must
        be refused. If one goes wrong, everything is put back as it was.
      </p>
    </>
  )
}
