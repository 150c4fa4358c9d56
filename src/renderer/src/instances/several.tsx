/** What the dialogs of jobs on several instances have in common. */
import type { ComponentType } from 'react'
import { count } from '../../../shared/amounts'
import type { Question } from '../jobs/jobs'
import type { Skipped } from '../jobs/report'
import type { ShownInstance } from './arrange'

export interface SeveralProps {
  readonly names: readonly string[]
  /** Selected too, but left out. */
  readonly skipped: readonly Skipped[]
  readonly onClose: () => void
}

/** @param verb what is done to “3 instances”, e.g. “Delete” @param size pixels */
export const severalDialog =
  (verb: string, size: number, Form: ComponentType<SeveralProps>) =>
  (those: readonly ShownInstance[], skipped: readonly Skipped[]): Question => ({
    title: `${verb} ${count(those.length, 'instance')}`,
    size,
    form: close => <Form names={those.map(it => it.instance.name)} skipped={skipped} onClose={close} />,
  })
