/** An operation with an unusable journal: what is wrong, and a way to abandon it. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { UnreadableJournal } from '../../../shared/operation'
import { confirm } from '../app/confirm'
import { notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { useTRPC } from '../app/trpc'

export function RefusedJournal({ journal }: { journal: UnreadableJournal }) {
  const trpc = useTRPC()
  const abandon = useMutation(trpc.operations.abandon.mutationOptions({ onError: notifyProblem }))
  const ask = (): void =>
    confirm({
      title: 'Abandon this operation?',
      children:
        'What it had begun will be neither finished nor undone, so check that first. Its journal is set aside, and other jobs on the same things can start again.',
      confirm: 'Abandon',
      cancel: 'Keep it',
      onConfirm: () => abandon.mutate({ id: journal.id }),
    })
  return (
    <ProblemView problem={journal.problem} tone="warn" quiet>
      <Button size="xs" variant="default" onClick={ask} loading={abandon.isPending}>
        Abandon…
      </Button>
    </ProblemView>
  )
}
