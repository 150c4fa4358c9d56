/** Instances with the status that they are shown with, from the live list, the operations and what was just asked for. */
import { useMemo } from 'react'
import { useInstances, useOperations } from '../app/live'
import type { Shown } from './arrange'
import { useJobs } from './jobs'
import { newestBySubject, shownStatus } from './shown-status'

export function useShownInstances(): readonly Shown[] {
  const { data } = useInstances()
  const { operations } = useOperations()
  const { pending } = useJobs()
  return useMemo(() => {
    const newest = newestBySubject(operations)
    return (data?.instances ?? []).map(instance => (
      { instance, status: shownStatus(instance, newest.get(instance.name.toLowerCase()), pending.get(instance.name)) }))
  }, [data, operations, pending])
}
