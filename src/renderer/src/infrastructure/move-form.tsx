/** Asks before PostgreSQL moves to another driver. */
import { useQuery } from '@tanstack/react-query'
import type { DriverKind } from '../../../shared/infrastructure'
import { moveSentences } from '../../../shared/move'
import { useTRPC } from '../app/trpc'
import { ReviewForm } from './review-form'

export function MoveForm({ driver, onMove, onClose }: { driver: DriverKind; onMove: () => void; onClose: () => void }) {
  const trpc = useTRPC()
  const review = useQuery(trpc.infrastructure.reviewMove.queryOptions({ driver }, { staleTime: 0, gcTime: 0 }))
  return (
    <ReviewForm
      review={review}
      sentences={moveSentences}
      promise="The switch happens only once every table is the same in the new PostgreSQL. If anything goes wrong before that, everything is put back as it was."
      verb="Move"
      onConfirm={onMove}
      onClose={onClose}
    />
  )
}
