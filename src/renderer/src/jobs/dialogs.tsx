/** The dialog of a job. */
import { Modal } from '@mantine/core'
import { useJobs } from './jobs'

export function JobDialog() {
  const { question, ask } = useJobs()
  const close = (): void => ask(undefined)
  return (
    <Modal
      opened={question !== undefined}
      onClose={close}
      title={question?.dialog.title(question.name)}
      size={question?.dialog.wide ? 560 : undefined}
    >
      {question && <question.dialog.Form name={question.name} onClose={close} />}
    </Modal>
  )
}
