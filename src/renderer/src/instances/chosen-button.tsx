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
  readonly guarded?: boolean
  readonly Icon: Icon
  /** For one instance. */
  readonly dialog: Dialog
  /** For several. */
  readonly questionOn: (free: readonly ShownInstance[], skipped: readonly Skipped[]) => Question
}

/** Busy instances and copies are skipped. @param guarded the job skips protected ones too, among several */
export function freeAmong(chosen: readonly ShownInstance[], guarded: boolean) {
  const why = ({ instance, status }: ShownInstance): string | undefined =>
    whyNotNow(status.group) ?? (guarded && chosen.length > 1 && instance.protected ? 'it is protected' : undefined)
  return {
    free: chosen.filter(it => why(it) === undefined),
    skipped: chosen.flatMap((it): Skipped[] => {
      const reason = why(it)
      return reason === undefined ? [] : [{ name: it.instance.name, reason }]
    }),
  }
}

export function ChosenButton({ chosen, word, guarded = false, Icon, dialog, questionOn }: ChosenProps) {
  const { ask } = useJobs()
  const { free, skipped } = freeAmong(chosen, guarded)
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
