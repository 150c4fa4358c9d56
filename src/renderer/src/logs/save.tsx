/** Saving what is filtered to a file. It goes on while one looks at something else; the corner says how far it has come. */
import { Button, Checkbox, Modal, Progress, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCheck, IconX } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { LogQuery } from '../../../shared/log'
import { CopyButton } from '../app/copy-button'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { rangeWord } from './moments'
import { filterWords, queryOf, type Wanted } from './wanted'
import classes from './view.module.css'

type Client = ReturnType<typeof useTRPCClient>

interface SaveDialogProps { opened: boolean; onClose: () => void; wanted: Wanted; title: string }

export function SaveDialog({ opened, onClose, wanted, title }: SaveDialogProps) {
  return <Modal opened={opened} onClose={onClose} title="Save to a file">{opened && <SaveForm onClose={onClose} wanted={wanted} title={title} />}</Modal>
}

function SaveForm({ onClose, wanted, title }: Omit<SaveDialogProps, 'opened'>) {
  const { desktop, home } = useApp()
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [name] = useState(() => `${title.replaceAll(/[^A-Za-z0-9_-]+/g, '-')}-${new Date().toISOString().slice(0, 10)}.log`)
  const [path, setPath] = useState(`${home}/${name}`)
  const [colours, setColours] = useState(false)
  const choose = useMutation(trpc.app.chooseFile.mutationOptions({ onSuccess: chosen => { if (chosen !== null) setPath(chosen) }, onError: notifyProblem }))
  const words = filterWords(wanted, wanted.range.preset === 'all' ? undefined : rangeWord(wanted.range).toLowerCase())
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    save(client, { query: queryOf(wanted), path: path.trim(), colours })
    onClose()
  }
  const missing = !path.trim().startsWith('/')
  return (
    <form className={classes.save} onSubmit={submit} aria-label="Save to a file">
      <p style={{ margin: 0 }}>{words ? <>Saves what the filters leave: {words}.</> : 'Saves the whole log, its archives included.'} {wanted.reveal ? <strong>Known secrets are written as they are.</strong> : 'Known secrets are masked.'}</p>
      <div className={classes.path}>
        <TextInput data-autofocus label="File" description={desktop ? undefined : 'On the machine where the instances run.'} value={path} onChange={event => setPath(event.currentTarget.value)} error={missing && 'Give the whole path, from /.'} spellCheck={false} autoComplete="off" />
        {desktop && <Button variant="default" onClick={() => choose.mutate({ title: 'Save the log', name })} loading={choose.isPending}>Choose…</Button>}
      </div>
      <Checkbox label="Keep the colours" description="As terminals show them; other programs see codes." checked={colours} onChange={event => setColours(event.currentTarget.checked)} />
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button type="submit" disabled={missing}>Save</Button>
      </div>
    </form>
  )
}

let saves = 0

function save(client: Client, { query, path, colours }: { query: LogQuery; path: string; colours: boolean }): void {
  const id = `save-${++saves}`
  const cancel = (): void => { subscription.unsubscribe(); notifications.hide(id) }
  const show = (fraction: number): void => {
    notifications.update({
      id, loading: true, autoClose: false, withCloseButton: false, title: `Saving … ${Math.floor(fraction * 100)} %`,
      message: (
        <>
          <span style={{ overflowWrap: 'anywhere' }}>{path}</span>
          <Progress value={fraction * 100} size="sm" my={8} aria-label="Saved" />
          <Button size="compact-xs" variant="default" onClick={cancel}>Cancel</Button>
        </>
      ),
    })
  }
  notifications.show({ id, loading: true, autoClose: false, withCloseButton: false, title: 'Saving …', message: path })
  const subscription = client.logs.save.subscribe({ ...query, path, colours }, {
    onData: ({ scanned, total, done }) => {
      if (!done) { show(total > 0 ? scanned / total : 0); return }
      notifications.update({
        id, loading: false, autoClose: false, withCloseButton: true, color: 'green', icon: <IconCheck size={18} />, title: 'The log is saved',
        message: <span style={{ display: 'flex', alignItems: 'center', gap: 4 }}><span style={{ overflowWrap: 'anywhere' }}>{path}</span><CopyButton value={path} label="path" /></span>,
      })
    },
    onError: error => {
      const { message, cause, hint } = problemOf(error)
      notifications.update({ id, loading: false, autoClose: false, withCloseButton: true, color: 'red', icon: <IconX size={18} />, title: message, message: [cause, hint].filter(Boolean).join(' ') })
    },
  })
  show(0)
}
