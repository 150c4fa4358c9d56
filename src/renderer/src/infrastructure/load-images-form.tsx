/** Asks for the file to load images of PostgreSQL or PgBouncer from, and shows how far it is. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { loadImagesJob } from '../../../shared/jobs/images'
import { wordsOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'
import { focusFault } from '../app/focus-fault'
import { useOperations } from '../app/live'
import { PathField } from '../app/path-field'
import { Hint, ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import { Timeline } from '../operations/timeline'

interface LoadImagesFormProps {
  /** The one that is wanted; absent: those that the settings name. */
  image: string | undefined
  onClose: () => void
}

export function LoadImagesForm({ image, onClose }: LoadImagesFormProps) {
  const trpc = useTRPC()
  const { operations } = useOperations()
  const [file, setFile] = useState('')
  const [tried, setTried] = useState(false)
  const start = useMutation(trpc.operations.start.mutationOptions())
  const operation = operations.find(it => it.id === start.data?.id)
  if (operation && operation.phase !== 'rolled-back') return <Loading operation={operation} onClose={onClose} />

  const path = file.trim()
  const fault =
    path === '' ? 'Choose a file.' : loadImagesJob.input.shape.file.safeParse(path).error?.issues[0]?.message
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    setTried(true)
    if (fault) return focusFault(event.currentTarget)
    start.mutate({ kind: loadImagesJob.kind, file: path, image })
  }
  const problem = start.error ? problemOf(start.error) : operation?.turned?.problem
  return (
    <form className={dialogs.form} onSubmit={submit} noValidate>
      <p>
        On a machine that reaches the registry and has the same kind of processor, pull the image and save it to a file.
        Then copy the file to this machine.
      </p>
      <p>
        <Hint text={`“docker pull ${image ?? 'IMAGE'}”`} />
        <br />
        <Hint text={`“docker save --output image.tar ${image ?? 'IMAGE'}”`} />
      </p>
      <PathField
        label="File"
        of="image"
        dialogTitle="Choose the file with the image"
        placeholder="/path/to/image.tar"
        value={file}
        onChange={value => {
          setFile(value)
          start.reset()
        }}
        first
        error={tried ? fault : undefined}
      />
      {problem && <ProblemView problem={{ ...problem, action: undefined }} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={start.isPending}>
          Load
        </Button>
      </div>
    </form>
  )
}

/** It continues if the dialog is closed. */
function Loading({ operation, onClose }: { operation: OperationState; onClose: () => void }) {
  const done = operation.phase === 'succeeded'
  return (
    <div className={dialogs.form}>
      <p role="status">{done ? `${wordsOf(operation).done}.` : `${wordsOf(operation).running}…`}</p>
      <Timeline operation={operation} />
      <div className={dialogs.buttons}>
        <Button variant={done ? 'filled' : 'default'} onClick={onClose} autoFocus>
          {done ? 'Done' : 'Close'}
        </Button>
      </div>
    </div>
  )
}
