/** Opens logs separately: in a window of the desktop app, or in a tab from a served page. */
import { useMutation } from '@tanstack/react-query'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'
import { panesText, type Pane } from './sources'

export function useLogWindow(): (panes: readonly Pane[]) => void {
  const trpc = useTRPC()
  const { desktop } = useApp()
  const open = useMutation(trpc.app.openLogs.mutationOptions({ onError: notifyProblem }))
  return panes => {
    const path = `/window/logs/${panesText(panes)}`
    if (desktop) open.mutate({ path })
    else window.open(`#${path}`, '_blank', 'noopener')
  }
}
