/** The jobs that ask first: another port, a deletion, an adoption. Whoever asks is elsewhere; the dialogs are here. */
import { Modal } from '@mantine/core'
import { AdoptForm } from './adopt-form'
import { BootTimeForm } from './boot-time-form'
import { ChangePortForm } from './change-port-form'
import { DeleteForm, LeftoversForm } from './delete-form'
import { useJobs, type Question } from './jobs'

export function InstanceDialogs() {
  const { question, ask } = useJobs()
  const close = (): void => ask(undefined)
  const is = (type: Question['type']): boolean => question?.type === type
  return (
    <>
      <Modal opened={is('change-port')} onClose={close} title={`Change the port of ${question?.name ?? ''}`}>
        {question?.type === 'change-port' && <ChangePortForm name={question.name} onClose={close} />}
      </Modal>
      <Modal opened={is('boot-time')} onClose={close} title={`Change the boot time of ${question?.name ?? ''}`}>
        {question?.type === 'boot-time' && <BootTimeForm name={question.name} onClose={close} />}
      </Modal>
      <Modal opened={is('delete')} onClose={close} title={`Delete ${question?.name ?? ''}?`} size={560}>
        {question?.type === 'delete' && <DeleteForm name={question.name} onClose={close} />}
      </Modal>
      <Modal
        opened={is('leftovers')}
        onClose={close}
        title={`Remove what is left of ${question?.name ?? ''}?`}
        size={560}
      >
        {question?.type === 'leftovers' && <LeftoversForm name={question.name} onClose={close} />}
      </Modal>
      <Modal opened={is('adopt')} onClose={close} title={`Adopt ${question?.name ?? ''}`} size={560}>
        {question?.type === 'adopt' && <AdoptForm name={question.name} onClose={close} />}
      </Modal>
    </>
  )
}
