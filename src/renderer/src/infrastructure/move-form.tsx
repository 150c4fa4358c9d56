/** Asks before PostgreSQL moves to another driver, or to a container from another image. */
import { Anchor, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { DriverKind } from '../../../shared/infrastructure'
import { moveJob } from '../../../shared/jobs/move'
import { moveSentences } from '../../../shared/move'
import { useTRPC } from '../app/trpc'
import { ReviewForm } from './review-form'

const promise =
  'The switch happens only once every table is the same in the new PostgreSQL. If anything goes wrong before that, everything is put back as it was.'

export function MoveForm({ driver, onMove, onClose }: { driver: DriverKind; onMove: () => void; onClose: () => void }) {
  const trpc = useTRPC()
  const review = useQuery(trpc.infrastructure.reviewMove.queryOptions({ driver }, { staleTime: 0, gcTime: 0 }))
  return (
    <ReviewForm
      review={review}
      sentences={moveSentences}
      promise={promise}
      verb="Move"
      onConfirm={onMove}
      onClose={onClose}
    />
  )
}

interface UpgradeFormProps {
  driver: DriverKind
  /** Of PostgreSQL now, e.g. `15.18`. */
  version: string
  /** The image to begin with. Absent: none is known to be newer. */
  proposed: string | undefined
  onUpgrade: (image: string) => void
  /** Asks for a file to load it from. */
  onLoad: (image: string | undefined) => void
  onClose: () => void
}

/** An image is reviewed before it can be upgraded to. */
export function UpgradeForm({ driver, version, proposed, onUpgrade, onLoad, onClose }: UpgradeFormProps) {
  const trpc = useTRPC()
  const [typed, setTyped] = useState(proposed ?? '')
  const [image, setImage] = useState(proposed)
  const [shown, setShown] = useState(false)
  const wrong = typed === '' ? 'Enter an image.' : moveJob.input.shape.image.safeParse(typed).error?.issues[0]?.message
  const review = useQuery(
    trpc.infrastructure.reviewMove.queryOptions(
      { driver, image },
      { enabled: image !== undefined, staleTime: 0, gcTime: 0 },
    ),
  )
  const confirm = (): void => {
    if (image !== undefined) return onUpgrade(image)
    setShown(true)
    if (wrong === undefined) setImage(typed)
  }
  return (
    <ReviewForm
      review={image === undefined ? undefined : review}
      sentences={moveSentences}
      promise={promise}
      verb={image === undefined ? 'Review' : 'Upgrade'}
      onConfirm={confirm}
      onClose={onClose}
    >
      <TextInput
        label="Image"
        description={`PostgreSQL ${Number.parseInt(version, 10)} or later. It is downloaded if it isn’t on this machine.`}
        placeholder="docker.io/library/postgres:17-alpine"
        value={typed}
        error={shown && wrong}
        data-autofocus={proposed === undefined || undefined}
        spellCheck={false}
        onChange={event => {
          setTyped(event.currentTarget.value.trim())
          setImage(undefined)
          setShown(false)
        }}
      />
      <p>
        No registry within reach?{' '}
        <Anchor component="button" type="button" onClick={() => onLoad(wrong === undefined ? typed : undefined)}>
          Load it from a file…
        </Anchor>
      </p>
    </ReviewForm>
  )
}
