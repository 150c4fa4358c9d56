/** The dialog of a job. */
import { Modal } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useModals } from '@mantine/modals'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { confirm } from '../app/confirm'
import { HoldContext, type Hold } from '../app/hold'
import { Part } from '../app/later'
import { useJobs } from './jobs'

export function JobDialog() {
  const { question, ask } = useJobs()
  const [shown, setShown] = useState(question) // stays until it has closed
  const [hold, setHold] = useState<Hold>()
  // By a confirmation. It lags behind, because the Esc that closes the confirmation isn't meant for the dialog too.
  const [covered] = useDebouncedValue(useModals().modals.length > 0, 0)
  if (question && question !== shown) setShown(question)
  const close = (): void => ask(undefined)
  const leave = (): void => {
    if (hold === 'typed')
      confirm({
        title: 'Discard what you typed?',
        children: 'Nothing has been changed yet.',
        confirm: 'Discard',
        cancel: 'Keep editing',
        onConfirm: close,
      })
    else if (hold === undefined) close()
  }
  return (
    <Modal
      opened={question !== undefined}
      onClose={leave}
      closeOnEscape={!covered}
      onExitTransitionEnd={() => setShown(undefined)}
      title={shown?.title}
      size={shown?.size}
    >
      <HoldContext value={setHold}>
        <Part>
          <Focused>{shown?.form(close)}</Focused>
        </Part>
      </HoldContext>
    </Modal>
  )
}

/** A form that loads after its dialog has opened comes too late for the dialog to focus its first field. */
function Focused({ children }: { children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus(), [])
  return <div ref={place}>{children}</div>
}
