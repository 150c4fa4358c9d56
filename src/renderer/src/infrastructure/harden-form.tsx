/** Asks before adopted containers are hardened. */
import { useQuery } from '@tanstack/react-query'
import { hardenSentences } from '../../../shared/hardening'
import { useTRPC } from '../app/trpc'
import { ReviewForm } from './review-form'

export function HardenForm({ onHarden, onClose }: { onHarden: () => void; onClose: () => void }) {
  const trpc = useTRPC()
  const review = useQuery(trpc.infrastructure.reviewHardening.queryOptions(undefined, { staleTime: 0, gcTime: 0 }))
  return (
    <ReviewForm
      review={review}
      sentences={hardenSentences}
      promise="Databases, names and ports stay. At the end, the logins of all instances are tried, and so are logins that must be refused. If one goes wrong, everything is put back as it was."
      verb="Harden"
      onConfirm={onHarden}
      onClose={onClose}
    />
  )
}
