/** Asks before the infrastructure is changed for good: what changes, what it costs, and what stands in the way. */
import { Button, Skeleton } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Problem } from '../../../shared/problem'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import dialogs from '../instances/dialogs.module.css'
import classes from './infrastructure.module.css'

interface ReviewFormProps<Review> {
  /** Undefined: what to review hasn't been chosen yet, in the fields. */
  readonly review: Pick<UseQueryResult<Review, unknown>, 'data' | 'error' | 'isPending' | 'refetch'> | undefined
  readonly sentences: (review: Review) => { readonly changes: readonly string[]; readonly costs: readonly string[] }
  /** What holds either way. */
  readonly promise: string
  readonly verb: string
  readonly onConfirm: () => void
  readonly onClose: () => void
  /** Fields above the review. */
  readonly children?: ReactNode
}

export function ReviewForm<Review extends { readonly refused: readonly Problem[] }>({
  review,
  sentences,
  promise,
  verb,
  onConfirm,
  onClose,
  children,
}: ReviewFormProps<Review>) {
  const data = review?.data
  const said = data && sentences(data)
  return (
    <form
      className={dialogs.form}
      onSubmit={event => {
        event.preventDefault()
        onConfirm()
      }}
    >
      {children}
      {review?.isPending && <Skeleton height={180} />}
      {review && review.error !== null && (
        <ProblemView problem={problemOf(review.error)} onRetry={() => void review.refetch()} />
      )}
      {data?.refused.map(it => (
        <ProblemView key={it.message} problem={it} quiet />
      ))}
      {said && (
        <>
          <Sentences title="What changes" all={said.changes} />
          <Sentences title="What it costs" all={said.costs} />
          <p>{promise}</p>
        </>
      )}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button type="submit" disabled={review && data?.refused.length !== 0}>
          {verb}
        </Button>
      </div>
    </form>
  )
}

const Sentences = ({ title, all }: { title: string; all: readonly string[] }) => (
  <section className={classes.sentences} aria-label={title}>
    <h3>{title}</h3>
    <ul>
      {all.map(it => (
        <li key={it}>{it}</li>
      ))}
    </ul>
  </section>
)
