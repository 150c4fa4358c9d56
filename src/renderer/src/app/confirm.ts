/** Asks for confirmation before something is lost. The safe answer has the focus. */
import { modals } from '@mantine/modals'
import type { ReactNode } from 'react'

interface Question {
  readonly title: string
  /** What exactly will be lost, and what stays. */
  readonly children: ReactNode
  readonly confirm: string
  readonly cancel: string
  readonly onConfirm: () => void
  /** Nothing is lost, so the button isn't red. */
  readonly calm?: boolean
}

export function confirm({ title, children, confirm: yes, cancel, onConfirm, calm }: Question): void {
  modals.openConfirmModal({
    title,
    children,
    onConfirm,
    withCloseButton: false,
    labels: { confirm: yes, cancel },
    confirmProps: calm ? {} : { color: 'red' },
    cancelProps: { 'data-autofocus': true },
  })
}
