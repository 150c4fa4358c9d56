/** Deletes an instance: lists exactly what will be deleted and asks for its name. */
import { Button, Skeleton } from '@mantine/core'
import { IconDatabase, IconFileText, IconFolder, IconLink, IconPlayerStop, IconUser } from '@tabler/icons-react'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import type { DeletePreview, LeftoversPreview } from '../../../shared/removal'
import { deleteJob, deleteWord, leftoversJob } from '../../../shared/jobs/delete'
import type { Problem } from '../../../shared/problem'
import { bytes, count } from '../../../shared/amounts'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { isPageOf } from './page-of'
import { useJobs } from '../jobs/jobs'
import { TypedPhrase } from './typed-phrase'
import classes from './dialogs.module.css'

export function DeleteForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const [location, navigate] = useLocation()
  const { send } = useJobs()
  const preview = useQuery(
    trpc.instances.previewDelete.queryOptions({ name }, { staleTime: 0, trpc: { abortOnUnmount: true } }),
  )
  const remove = async (): Promise<void> => {
    await send({ kind: deleteJob.kind, name, confirm: deleteWord, typed: name })
    if (isPageOf(location, name)) navigate('/instances')
  }
  return (
    <ConfirmForm
      label="Delete the instance"
      verb={`Delete ${shortly(name)}`}
      phrase={name}
      preview={preview}
      onConfirm={remove}
      onClose={onClose}
    >
      {preview.data && <Goes preview={preview.data} />}
    </ConfirmForm>
  )
}

/** The same for the leftovers of an instance that the older command line tool half created. */
export function LeftoversForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const [, navigate] = useLocation()
  const { send } = useJobs()
  const preview = useQuery(
    trpc.instances.previewLeftovers.queryOptions({ name }, { staleTime: 0, trpc: { abortOnUnmount: true } }),
  )
  const remove = async (): Promise<void> => {
    navigate(`/operations/${await send({ kind: leftoversJob.kind, name, confirm: deleteWord })}`)
  }
  return (
    <ConfirmForm
      label="Remove leftovers"
      verb={`Remove ${shortly(name)}`}
      phrase={name}
      preview={preview}
      onConfirm={remove}
      onClose={onClose}
    >
      {preview.data && <Left preview={preview.data} />}
    </ConfirmForm>
  )
}

interface ConfirmProps {
  label: string
  /** e.g. “Delete school”. */
  verb: string
  /** What must be typed. */
  phrase: string
  /** The button that deletes nothing. */
  keep?: string
  preview: Pick<UseQueryResult<unknown, unknown>, 'error' | 'isPending' | 'isFetching' | 'refetch'>
  /** What will be deleted, once known. */
  children: ReactNode
  /** @throws the router's Problem */
  onConfirm: () => Promise<void>
  onClose: () => void
}

const shortly = (name: string): string => (name.length > 24 ? 'it' : name)

export function ConfirmForm(props: ConfirmProps) {
  const { label, verb, phrase, keep = 'Keep it', preview, children, onConfirm, onClose } = props
  const [typed, setTyped] = useState('')
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typed !== phrase || !children) return
    setSending(true)
    onConfirm()
      .then(onClose, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label={label}>
      <p className={classes.plain}>This can’t be undone. This will be deleted:</p>
      {preview.isPending && <Skeleton height={196} />}
      {preview.error !== null && (
        <ProblemView
          problem={problemOf(preview.error)}
          onRetry={() => void preview.refetch()}
          retrying={preview.isFetching}
        />
      )}
      {children}
      <TypedPhrase phrase={phrase} typed={typed} onType={setTyped} />
      {problem && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>
          {keep}
        </Button>
        <Button type="submit" color="red" disabled={typed !== phrase || !children} loading={sending}>
          {verb}
        </Button>
      </div>
    </form>
  )
}

function Left({ preview: { running, database, files, logs } }: { preview: LeftoversPreview }) {
  return (
    <>
      <ul className={classes.goes} aria-label="This will be deleted">
        {running && <Thing icon={<IconPlayerStop />} what="Process" detail="Running. It will be stopped first." />}
        {database.state === 'ours' && (
          <Thing
            icon={<IconDatabase />}
            what={
              <>
                Database <span className="mono">{database.name}</span>
              </>
            }
            detail={database.bytes === undefined ? 'if it exists' : bytes(database.bytes)}
          />
        )}
        {database.state === 'ours' && (
          <Thing
            icon={<IconUser />}
            what={
              <>
                Role <span className="mono">{database.role}</span>
              </>
            }
          />
        )}
        {files && <Files files={files} />}
        {logs.count > 0 && (
          <Thing
            icon={<IconFileText />}
            what={logs.count === 1 ? 'One log file' : `${logs.count} log files`}
            detail={bytes(logs.bytes)}
          />
        )}
      </ul>
      {database.state === 'theirs' && (
        <p className={classes.plain}>
          The database <span className="mono">{database.name}</span> stays. {database.why}
        </p>
      )}
      {database.state === 'unknown' && (
        <p className={classes.plain}>We can’t tell whether it has a database: {database.why} Start it first.</p>
      )}
    </>
  )
}

function Goes({ preview: { running, database, files, logs, systemUser } }: { preview: DeletePreview }) {
  const connections =
    database.connections === undefined
      ? ''
      : database.connections === 1
        ? ', one open connection'
        : database.connections
          ? `, ${database.connections} open connections`
          : ', no open connections'
  return (
    <ul className={classes.goes} aria-label="This will be deleted">
      <Thing
        icon={<IconPlayerStop />}
        what="Process"
        detail={running ? 'Running. It will be stopped first.' : 'Not running.'}
      />
      <Thing
        icon={<IconDatabase />}
        what={
          <>
            Database <span className="mono">{database.name}</span>
          </>
        }
        detail={`${database.bytes === undefined ? 'size unknown' : bytes(database.bytes)}${connections}`}
      />
      <Thing
        icon={<IconUser />}
        what={
          <>
            Role <span className="mono">{database.role}</span>
          </>
        }
      />
      <Files files={files} />
      {systemUser && (
        <Thing
          icon={<IconUser />}
          what={
            <>
              System user <span className="mono">{systemUser}</span>
            </>
          }
        />
      )}
      <Thing
        icon={<IconFileText />}
        what={logs.count === 1 ? 'One log file' : `${logs.count} log files`}
        detail={bytes(logs.bytes)}
      />
    </ul>
  )
}

function Files({ files }: { files: DeletePreview['files'] }) {
  return (
    <>
      {files.target !== undefined && !files.stays && (
        <Thing icon={<IconFolder />} what={<span className="mono">{files.target}</span>} detail={sizeOf(files)} />
      )}
      {files.target === undefined ? (
        <Thing icon={<IconFolder />} what={<span className="mono">{files.folder}</span>} detail={sizeOf(files)} />
      ) : (
        <Thing
          icon={<IconLink />}
          what={<span className="mono">{files.folder}</span>}
          detail={
            files.stays
              ? `Only the link. ${files.target} stays: its config.json doesn’t name this instance.`
              : 'The link to it'
          }
        />
      )}
      {files.links.map(it => (
        <Thing
          key={it.path}
          icon={<IconLink />}
          what={<span className="mono">{it.path}</span>}
          detail={`Only the link. ${it.target} stays.`}
        />
      ))}
    </>
  )
}

const sizeOf = ({ bytes: all, uploads, count: files, complete }: DeletePreview['files']): string =>
  `${complete ? '' : 'more than '}${count(files, 'file')}, ${complete ? '' : 'at least '}${bytes(all)} (uploads: ${bytes(uploads)})`

const Thing = ({ icon, what, detail }: { icon: ReactNode; what: ReactNode; detail?: string }) => (
  <li>
    {icon}
    <span className={classes.what}>{what}</span>
    {detail && <span className={classes.detail}>{detail}</span>}
  </li>
)
