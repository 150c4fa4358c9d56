/** Opens an instance: in the system's browser, or from a served page with the ways that lead to it. */
import { useMutation } from '@tanstack/react-query'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'
import { openDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'

export function useOpenInstance(): (instance: { readonly name: string; readonly url: string }) => void {
  const trpc = useTRPC()
  const { desktop } = useApp()
  const { ask } = useJobs()
  const openExternal = useMutation(trpc.app.openExternal.mutationOptions({ onError: notifyProblem }))
  return ({ name, url }) => {
    if (desktop) openExternal.mutate({ url })
    else ask(about(openDialog, name))
  }
}
