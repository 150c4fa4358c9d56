/**
 * Saves the filtered lines to a file. Continues while other screens are shown; a notice in the corner shows its
 * progress.
 */
import { Button, Checkbox, Modal, Progress, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCheck, IconX } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { LogProgress, LogQuery } from '../../../shared/log'
import { confirm } from '../app/confirm'
import { CopyButton } from '../app/copy-button'
import { handOver } from '../app/hand-over'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { problemOf } from '../app/problem-of'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { rangeWord } from './moments'
import { filterWords, queryOf, type LogChoice } from './wanted'
import classes from './view.module.css'

type Client = ReturnType<typeof useTRPCClient>

interface SaveDialogProps {
  opened: boolean
  onClose: () => void
  wanted: LogChoice
  title: string
}

export function SaveDialog({ opened, onClose, wanted, title }: SaveDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Save to a file">
      {opened && <SaveForm onClose={onClose} wanted={wanted} title={title} />}
    </Modal>
  )
}

function SaveForm({ onClose, wanted, title }: Omit<SaveDialogProps, 'opened'>) {
  const { desktop, home, workspace } = useApp()
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [name] = useState(
    () => `${title.replaceAll(/[^A-Za-z0-9_-]+/g, '-')}-${new Date().toISOString().slice(0, 10)}.log`,
  )
  const folder = desktop ? home : `${workspace?.path ?? ''}/.instance-manager/exports`
  const [path, setPath] = useState(`${folder}/${name}`)
  // The system's dialog has already asked before returning the name of an existing file.
  const [chosen, setChosen] = useState<string>()
  const [colours, setColours] = useState(false)
  const choose = useMutation(
    trpc.app.chooseFile.mutationOptions({
      onSuccess: it => {
        if (it !== null) {
          setPath(it)
          setChosen(it)
        }
      },
      onError: notifyProblem,
    }),
  )
  const words = filterWords(wanted, wanted.range.preset === 'all' ? undefined : rangeWord(wanted.range).toLowerCase())
  const saveHere = (): void => {
    save(client, { query: queryOf(wanted), path: path.trim(), colours, overwrite: path.trim() === chosen })
    onClose()
  }
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    if (desktop) {
      saveHere()
      return
    }
    download(client, { query: queryOf(wanted), name, colours })
    onClose()
  }
  const missing = !path.trim().startsWith('/')
  return (
    <form className={classes.save} onSubmit={submit} aria-label="Save to a file">
      <p style={{ margin: 0 }}>
        {words ? <>Saves only what the filters show: {words}.</> : 'Saves the whole log, including archives.'}{' '}
        {wanted.reveal ? <strong>Known secrets are not masked.</strong> : 'Known secrets are masked.'}
      </p>
      <div className={classes.path}>
        {desktop ? (
          <TextInput
            data-autofocus
            label="File"
            value={path}
            onChange={event => setPath(event.currentTarget.value)}
            error={missing && 'Enter the full path, starting with /.'}
            spellCheck={false}
            autoComplete="off"
          />
        ) : (
          <p style={{ margin: 0, overflowWrap: 'anywhere' }}>
            Downloads to your computer as <strong>{name}</strong>. Or save it on the machine that runs the instances, in{' '}
            {folder}.
          </p>
        )}
        {desktop && (
          <Button
            variant="default"
            onClick={() => choose.mutate({ title: 'Save the log', name })}
            loading={choose.isPending}
          >
            Choose…
          </Button>
        )}
      </div>
      <Checkbox
        label="Keep the colours"
        description="As ANSI codes, which only terminals show as colours."
        checked={colours}
        onChange={event => setColours(event.currentTarget.checked)}
      />
      <div className={classes.buttons}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        {!desktop && (
          <Button variant="default" onClick={saveHere}>
            Save on the machine
          </Button>
        )}
        <Button type="submit" disabled={missing} data-autofocus={!desktop || undefined}>
          {desktop ? 'Save' : 'Download'}
        </Button>
      </div>
    </form>
  )
}

interface Saved {
  readonly query: LogQuery
  readonly path: string
  readonly colours: boolean
  readonly overwrite: boolean
}

function save(client: Client, { query, path, colours, overwrite }: Saved): void {
  follow(path, <CopyButton value={path} label="path" />, saving =>
    client.logs.save.subscribe(
      { ...query, path, colours, overwrite },
      {
        onData: saving.data,
        onError(error) {
          if (problemOf(error).code !== 'file-exists') {
            saving.error(error)
            return
          }
          saving.end()
          confirm({
            title: 'Replace the file?',
            children: (
              <span style={{ overflowWrap: 'anywhere' }}>{path} already exists. Its contents will be overwritten.</span>
            ),
            confirm: 'Replace',
            cancel: 'Keep the file',
            onConfirm: () => save(client, { query, path, colours, overwrite: true }),
          })
        },
      },
    ),
  )
}

/** Collects the parts in Blobs, which the browser keeps outside the page's memory, and saves them as one file at the end. */
function download(
  client: Client,
  { query, name, colours }: { readonly query: LogQuery; readonly name: string; readonly colours: boolean },
): void {
  const parts: Blob[] = []
  follow(name, undefined, saving =>
    client.logs.download.subscribe(
      { ...query, colours },
      {
        onData(part) {
          if (part.text !== '') parts.push(new Blob([part.text]))
          if (part.done) handOver(new Blob(parts, { type: 'text/plain' }), name)
          saving.data(part)
        },
        onError: saving.error,
        // tRPC would resubscribe after a reconnect and start over.
        onConnectionStateChange: ({ state, error }) => {
          if (state === 'connecting' && error) saving.error(error)
        },
      },
    ),
  )
}

let saves = 0

interface Saving {
  data(progress: LogProgress): void
  error(error: unknown): void
  end(): void
}

/** Shows progress with a cancel button, then the result. @param after shown next to the file's name */
function follow(name: string, after: React.ReactNode, begin: (saving: Saving) => { unsubscribe(): void }): void {
  const id = `save-${++saves}`
  const end = (): void => {
    subscription.unsubscribe()
    notifications.hide(id)
  }
  const show = (fraction: number): void => {
    notifications.update({
      id,
      loading: true,
      autoClose: false,
      withCloseButton: false,
      title: `Saving… ${Math.floor(fraction * 100)} %`,
      message: (
        <>
          <span style={{ overflowWrap: 'anywhere' }}>{name}</span>
          <Progress value={fraction * 100} size="sm" my={8} aria-label="Saved" />
          <Button size="compact-xs" variant="default" onClick={end}>
            Cancel
          </Button>
        </>
      ),
    })
  }
  notifications.show({ id, loading: true, autoClose: false, withCloseButton: false, title: 'Saving…', message: name })
  const subscription = begin({
    end,
    data: ({ scanned, total, done }) => {
      if (!done) {
        show(total > 0 ? scanned / total : 0)
        return
      }
      notifications.update({
        id,
        loading: false,
        autoClose: 15_000,
        withCloseButton: true,
        color: 'green',
        icon: <IconCheck size={18} />,
        title: 'Log saved',
        message: (
          <span style={{ display: 'flex', alignItems: 'center', gap: 4 }}>
            <span style={{ overflowWrap: 'anywhere' }}>{name}</span>
            {after}
          </span>
        ),
      })
    },
    error: error => {
      subscription.unsubscribe()
      const { message, cause, hint } = problemOf(error)
      notifications.update({
        id,
        loading: false,
        autoClose: false,
        withCloseButton: true,
        color: 'red',
        icon: <IconX size={18} />,
        title: message,
        message: [cause, hint].filter(Boolean).join(' '),
      })
    },
  })
  show(0)
}
