/** A folder: typed, or picked in the system's dialog where there is one. */
import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'
import classes from './first-run.module.css'

interface FolderFieldProps {
  label: string
  /** The dialog's title. */
  dialogTitle: string
  value: string
  onChange: (path: string) => void
  error?: string
  placeholder?: string
}

export function FolderField({ label, dialogTitle, value, onChange, error, placeholder }: FolderFieldProps) {
  const { desktop } = useApp()
  const trpc = useTRPC()
  const choose = useMutation(trpc.app.chooseFolder.mutationOptions({ onSuccess: path => { if (path) onChange(path) }, onError: notifyProblem }))
  return (
    <div className={classes.folder}>
      <TextInput label={label} value={value} onChange={event => onChange(event.currentTarget.value)} error={error} placeholder={placeholder}
        spellCheck={false} autoComplete="off" classNames={{ input: 'mono' }} />
      {desktop && <Button variant="default" onClick={() => choose.mutate({ title: dialogTitle })} loading={choose.isPending} aria-label={`Browse: ${label}`}>Browse…</Button>}
    </div>
  )
}
