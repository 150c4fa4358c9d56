/** The dialog of a job. */
import { Modal } from '@mantine/core'
import { useState } from 'react'
import { useJobs } from './jobs'

export function JobDialog() {
  const { question, ask } = useJobs()
  const [shown, setShown] = useState(question) // stays until it has closed
  if (question && question !== shown) setShown(question)
  const close = (): void => ask(undefined)
  return (
    <Modal
      opened={question !== undefined}
      onClose={close}
      onExitTransitionEnd={() => setShown(undefined)}
      title={shown?.dialog.title(shown.name)}
      size={shown?.dialog.wide ? 560 : undefined}
    >
      {shown && <shown.dialog.Form name={shown.name} onClose={close} />}
    </Modal>
  )
}
