/** A button that opens a dialog to free disk space. */
import { Button, Checkbox, Modal, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { bytes } from '../../../shared/amounts'
import { freeableTitle, harmless, type DiskSpace, type Freeable, type FreeableKind } from '../../../shared/space'
import { notifyNews } from '../app/notify'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import dialogs from '../instances/dialogs.module.css'
import classes from './space.module.css'

export function FreeSpaceButton({ primary }: { primary?: boolean }) {
  const [open, setOpen] = useState(false)
  const close = (): void => setOpen(false)
  return (
    <>
      <Button size="xs" variant={primary ? 'filled' : 'default'} onClick={() => setOpen(true)}>
        Free space…
      </Button>
      <Modal opened={open} onClose={close} title="Free disk space" size={560}>
        <FreeSpaceForm onClose={close} />
      </Modal>
    </>
  )
}

const explanations: Readonly<Record<FreeableKind, string>> = {
  releases: 'Prepared copies of the base application that no instance uses. They are prepared again when needed.',
  trash: 'Already being removed in the background.',
  logs: 'Older, compressed log archives. These lines will be lost; newer ones are kept.',
  spare: 'A file kept for emergencies. It is created again once there is space.',
}

function FreeSpaceForm({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const report = useQuery(trpc.space.report.queryOptions(undefined, { staleTime: 0 }))
  const [chosen, setChosen] = useState<ReadonlySet<FreeableKind>>(new Set(harmless))
  const before = report.data?.disk.free ?? 0
  const free = useMutation(
    trpc.space.free.mutationOptions({
      onSuccess: (disk: DiskSpace) => {
        void queries.invalidateQueries({ queryKey: trpc.space.report.queryKey() })
        notifyNews(
          `Freed ${bytes(Math.max(0, disk.free - before))}`,
          `${bytes(disk.free)} of ${bytes(disk.total)} free.`,
          'good',
        )
        onClose()
      },
    }),
  )
  const some = report.data?.freeable.filter(it => it.bytes > 0) ?? []
  const what = some.map(it => it.what).filter(it => chosen.has(it))
  const sum = some.filter(it => chosen.has(it.what)).reduce((total, it) => total + it.bytes, 0)
  const toggle = (kind: FreeableKind): void =>
    setChosen(it => new Set(it.has(kind) ? [...it].filter(one => one !== kind) : [...it, kind]))
  return (
    <form
      className={dialogs.form}
      aria-label="Free space"
      onSubmit={event => {
        event.preventDefault()
        free.mutate({ what })
      }}
    >
      {report.isPending && <Skeleton height={160} />}
      {report.error && (
        <ProblemView
          problem={problemOf(report.error)}
          onRetry={() => void report.refetch()}
          retrying={report.isFetching}
        />
      )}
      {report.data && some.length === 0 && (
        <p>There is nothing to free here. Delete instances you no longer need, or remove other files from the disk.</p>
      )}
      {some.length > 0 && (
        <ul className={classes.choices} aria-label="What can be freed">
          {some.map(it => (
            <Choice key={it.what} freeable={it} checked={chosen.has(it.what)} onChange={() => toggle(it.what)} />
          ))}
        </ul>
      )}
      {free.error && <ProblemView problem={problemOf(free.error)} />}
      <div className={dialogs.buttons}>
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        {some.length > 0 && (
          <Button
            type="submit"
            color={chosen.has('logs') ? 'red' : undefined}
            disabled={what.length === 0}
            loading={free.isPending}
          >
            Free {bytes(sum)}
          </Button>
        )}
      </div>
    </form>
  )
}

function Choice({ freeable, checked, onChange }: { freeable: Freeable; checked: boolean; onChange: () => void }) {
  return (
    <li>
      <Checkbox
        checked={checked}
        onChange={onChange}
        label={freeableTitle(freeable)}
        description={explanations[freeable.what]}
      />
      <span className={classes.amount}>{bytes(freeable.bytes)}</span>
    </li>
  )
}
