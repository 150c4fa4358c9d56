/** Whether there is a newer PostgreSQL for containers: the one that new workspaces get. */
import { useQuery } from '@tanstack/react-query'
import type { InfrastructureStatus } from '../../../shared/infrastructure'
import { newerMajor } from '../../../shared/move'
import { useTRPC } from '../app/trpc'

export function useNewer({
  driver,
  postgres,
}: InfrastructureStatus): { readonly image: string; readonly major: number } | undefined {
  const trpc = useTRPC()
  const { data } = useQuery(trpc.settings.list.queryOptions(undefined, { enabled: driver !== 'embedded' }))
  const image = String(data?.find(it => it.key === 'containers.postgresImage')?.fallback.value ?? '')
  const major = newerMajor(image, postgres.version ?? '')
  return major === undefined ? undefined : { image, major }
}
