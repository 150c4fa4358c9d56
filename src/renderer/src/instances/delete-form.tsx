/** A deletion: lists exactly what will go, and wants the word. */
import { Button, Skeleton, TextInput } from '@mantine/core'
import { IconDatabase, IconFileText, IconFolder, IconLink, IconPlayerStop, IconUser } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import type { DeletePreview } from '../../../shared/instance'
import type { Problem } from '../../../shared/problem'
import { bytes, count } from '../../../shared/amounts'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { pageOf } from './page-of'
import { useJobs } from './jobs'
import classes from './dialogs.module.css'

const word = 'DELETE'

export function DeleteForm({ name, onClose }: { name: string; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [location, navigate] = useLocation()
  const { send } = useJobs()
  const preview = useQuery(trpc.instances.previewDelete.queryOptions({ name }, { staleTime: 0, trpc: { abortOnUnmount: true } }))
  const [typed, setTyped] = useState('')
  const [sending, setSending] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typed !== word || !preview.data) return
    setSending(true)
    send('delete', name, () => client.instances.delete.mutate({ name, confirm: word }))
      .then(() => { onClose(); if (location === pageOf(name)) navigate('/instances') }, (refused: unknown) => setProblem(problemOf(refused)))
      .finally(() => setSending(false))
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate aria-label="Delete the instance">
      <p className={classes.plain}>This can’t be undone. This will be deleted:</p>
      {preview.isPending && <Skeleton height={196} aria-label="Looking at what it has" />}
      {preview.error && <ProblemView problem={problemOf(preview.error)} onRetry={() => void preview.refetch()} retrying={preview.isFetching} />}
      {preview.data && <Goes preview={preview.data} />}
      <TextInput label={<>Type <code>{word}</code> to confirm</>} aria-label={`Type ${word} to confirm`} value={typed} onChange={event => setTyped(event.currentTarget.value)}
        autoComplete="off" spellCheck={false} data-autofocus classNames={{ input: 'mono' }} />
      {problem && <ProblemView problem={problem} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>Keep it</Button>
        <Button type="submit" color="red" disabled={typed !== word || !preview.data} loading={sending}>Delete {name.length > 24 ? 'it' : name}</Button>
      </div>
    </form>
  )
}

function Goes({ preview: { running, database, files, logs } }: { preview: DeletePreview }) {
  const connections = database.connections === undefined ? '' : database.connections === 1 ? ', one open connection' : database.connections ? `, ${database.connections} open connections` : ', no open connection'
  return (
    <ul className={classes.goes} aria-label="This will be deleted">
      <Thing icon={<IconPlayerStop />} what="Process" detail={running ? 'Running. It will be stopped first.' : 'Not running.'} />
      <Thing icon={<IconDatabase />} what={<>Database <span className="mono">{database.name}</span></>} detail={`${database.bytes === undefined ? 'size unknown' : bytes(database.bytes)}${connections}`} />
      <Thing icon={<IconUser />} what={<>Role <span className="mono">{database.role}</span></>} />
      {files.target !== undefined && !files.stays && <Thing icon={<IconFolder />} what={<span className="mono">{files.target}</span>} detail={sizeOf(files)} />}
      {files.target === undefined
        ? <Thing icon={<IconFolder />} what={<span className="mono">{files.folder}</span>} detail={sizeOf(files)} />
        : <Thing icon={<IconLink />} what={<span className="mono">{files.folder}</span>} detail={files.stays ? `Only the link. ${files.target} stays: its config.json doesn’t name this instance.` : 'The link to it'} />}
      {files.links.map(it => <Thing key={it.path} icon={<IconLink />} what={<span className="mono">{it.path}</span>} detail={`Only the link. ${it.target} stays.`} />)}
      <Thing icon={<IconFileText />} what={logs.count === 1 ? 'One log file' : `${logs.count} log files`} detail={bytes(logs.bytes)} />
    </ul>
  )
}

const sizeOf = ({ bytes: all, uploads, count: files, complete }: DeletePreview['files']): string =>
  `${complete ? '' : 'more than '}${count(files, 'file')}, ${complete ? '' : 'at least '}${bytes(all)} (uploads: ${bytes(uploads)})`

const Thing = ({ icon, what, detail }: { icon: ReactNode; what: ReactNode; detail?: string }) => (
  <li>{icon}<span className={classes.what}>{what}</span>{detail && <span className={classes.detail}>{detail}</span>}</li>
)
