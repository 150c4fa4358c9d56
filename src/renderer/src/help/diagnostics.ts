import { useMutation } from '@tanstack/react-query'
import { handOver } from '../app/hand-over'
import { notifyProblem } from '../app/notify'
import { useTRPCClient } from '../app/trpc'

/** Saves the file for whoever helps. */
export function useSaveDiagnostics(): { readonly run: () => void; readonly busy: boolean } {
  const client = useTRPCClient()
  const save = useMutation({
    mutationFn: () => client.doctor.diagnostics.query(),
    onSuccess: text =>
      handOver(
        new Blob([text], { type: 'application/json' }),
        `diagnostics-${new Date().toISOString().slice(0, 10)}.json`,
      ),
    onError: notifyProblem,
  })
  return { run: () => save.mutate(), busy: save.isPending }
}
