/** A job on the chosen instances: the job's own dialog if it is only one, otherwise a form about all of them. */
import { Button } from '@mantine/core'
import type { Icon } from '@tabler/icons-react'
import { about, useJobs, type Dialog, type Question } from '../jobs/jobs'
import type { Skipped } from '../jobs/report'
import type { ShownInstance } from './arrange'
import { whyNotNow } from './shown-status'

interface ChosenProps {
  readonly chosen: readonly ShownInstance[]
  readonly word: string
  readonly Icon: Icon
  /** For one instance. */
  readonly dialog: Dialog
  /** For several. */
  readonly questionOn: (free: readonly ShownInstance[], skipped: readonly Skipped[]) => Question
}

/** Busy instances and copies are skipped. */
export const freeAmong = (chosen: readonly ShownInstance[]) => ({
  free: chosen.filter(it => whyNotNow(it.status.group) === undefined),
  skipped: chosen.flatMap(({ instance: { name }, status: { group } }): Skipped[] => {
    const reason = whyNotNow(group)
    return reason === undefined ? [] : [{ name, reason }]
  }),
})

export function ChosenButton({ chosen, word, Icon, dialog, questionOn }: ChosenProps) {
  const { ask } = useJobs()
  const { free, skipped } = freeAmong(chosen)
  const [first] = free
  return (
    <Button
      size="xs"
      variant="default"
      disabled={!first}
      leftSection={<Icon size={15} aria-hidden />}
      onClick={() => first && ask(free.length === 1 ? about(dialog, first.instance.name) : questionOn(free, skipped))}
    >
      {word}
      {free.length > 0 && free.length < chosen.length ? ` ${free.length}` : ''}…
    </Button>
  )
}
