/** Opens an instance in the browser: the system's from the desktop app, or this one from a served page. */
import { useMutation } from '@tanstack/react-query'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'

export function useOpenInstance(): (url: string) => void {
  const trpc = useTRPC()
  const { desktop } = useApp()
  const openExternal = useMutation(trpc.app.openExternal.mutationOptions({ onError: notifyProblem }))
  return url => {
    if (desktop) openExternal.mutate({ url })
    else window.open(url, '_blank', 'noopener')
  }
}
