/** The button that cancels an operation; says first what that means. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { uncapital } from '../../../shared/amounts'
import { jobOf } from '../../../shared/jobs'
import { undoesAll } from '../../../shared/jobs/job'
import { wordsOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'
import { confirm } from '../app/confirm'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'

export function Cancel({ operation, size }: { operation: OperationState; size?: 'xs' }) {
  const trpc = useTRPC()
  const cancel = useMutation(trpc.operations.cancel.mutationOptions({ onError: notifyProblem }))
  const { meaning, confirm: yes } = jobOf(operation.kind)?.cancel ?? undoesAll
  const ask = (): void => {
    confirm({
      title: `Cancel ${uncapital(wordsOf(operation).running)}?`,
      children: meaning,
      confirm: yes,
      cancel: 'Keep running',
      onConfirm: () => cancel.mutate({ id: operation.id }),
    })
  }
  return (
    <Button variant="default" size={size} onClick={ask} loading={cancel.isPending}>
      Cancel…
    </Button>
  )
}
