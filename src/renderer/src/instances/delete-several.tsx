/** Deletes several instances: lists what will be deleted with each, and asks for their number. */
import { useQuery } from '@tanstack/react-query'
import { bytes, count } from '../../../shared/amounts'
import type { DeletePreview } from '../../../shared/removal'
import { deleteManyJob, deleteWord, deletingWords } from '../../../shared/jobs/delete'
import { useTRPC } from '../app/trpc'
import { useJobs } from '../jobs/jobs'
import { ConfirmForm } from './delete-form'
import { severalDialog, type SeveralProps } from './several'
import classes from './several.module.css'

function Form({ names, skipped, onClose }: SeveralProps) {
  const trpc = useTRPC()
  const { sendSeveral } = useJobs()
  const preview = useQuery(
    trpc.instances.previewDeletions.queryOptions(
      { names: [...names] },
      { staleTime: 0, trpc: { abortOnUnmount: true } },
    ),
  )
  const those = count(names.length, 'instance')
  return (
    <ConfirmForm
      label="Delete the instances"
      verb={`Delete ${those}`}
      phrase={those}
      keep="Keep them"
      preview={preview}
      onConfirm={() =>
        sendSeveral(
          { kind: deleteManyJob.kind, names: [...names], confirm: deleteWord },
          { ...deletingWords, count: names.length, skipped },
        )
      }
      onClose={onClose}
    >
      {preview.data && <Goes previews={preview.data} />}
    </ConfirmForm>
  )
}

export const deleteSeveral = severalDialog('Delete', 560, Form)

const Goes = ({ previews }: { previews: readonly DeletePreview[] }) => (
  <>
    <ul className={classes.rows} tabIndex={0} aria-label="This will be deleted">
      {previews.map(it => (
        <li key={it.name}>
          <strong>{it.name}</strong>
          <span className="dimmed">{partsOf(it)}</span>
        </li>
      ))}
    </ul>
    <p className="dimmed">
      Each with its database, role, files, uploads and logs: {bytes(sum(previews, sizeOf))} in total
      {sum(previews, uploadsOf) > 0 && `, of which ${bytes(sum(previews, uploadsOf))} are uploads`}.
    </p>
  </>
)

function partsOf({ running, database, files }: DeletePreview): string {
  const folder = files.stays ? 'only the link to its folder' : `files ${bytes(files.bytes)}`
  const parts = [running && 'running', database.bytes !== undefined && `database ${bytes(database.bytes)}`, folder]
  return parts.filter(Boolean).join(' · ')
}

const sum = (previews: readonly DeletePreview[], of: (it: DeletePreview) => number): number =>
  previews.reduce((total, it) => total + of(it), 0)
const uploadsOf = ({ files }: DeletePreview): number => (files.stays ? 0 : files.uploads)
const sizeOf = ({ database, files, logs }: DeletePreview): number =>
  (database.bytes ?? 0) + (files.stays ? 0 : files.bytes) + logs.bytes
