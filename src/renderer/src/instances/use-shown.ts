/** Instances with the status to show, from the live list, the operations and pending requests. */
import { useMemo } from 'react'
import { useInstances, useOperations } from '../app/live'
import type { ShownInstance } from './arrange'
import { useJobs } from '../jobs/jobs'
import { newestBySubject, queuesOf, shownStatus } from './shown-status'

export function useShownInstances(): readonly ShownInstance[] {
  const { data } = useInstances()
  const { operations } = useOperations()
  const { pending } = useJobs()
  return useMemo(() => {
    const [newest, queues] = [newestBySubject(operations), queuesOf(operations)]
    return (data?.instances ?? []).map(instance => {
      const subject = instance.name.toLowerCase()
      return {
        instance,
        status: shownStatus(instance, newest.get(subject), pending.get(instance.name), queues.get(subject)),
      }
    })
  }, [data, operations, pending])
}
