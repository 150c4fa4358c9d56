/** A folder field: uses the system's dialog if there is one, otherwise suggests folders while typing. */
import { Autocomplete, Button, TextInput } from '@mantine/core'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
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
  const choose = useMutation(
    trpc.app.chooseFolder.mutationOptions({
      onSuccess: path => {
        if (path) onChange(path)
      },
      onError: notifyProblem,
    }),
  )
  const folders = useQuery(
    trpc.app.folders.queryOptions(
      { path: value },
      { enabled: !desktop && /^[/~]/.test(value), placeholderData: keepPreviousData },
    ),
  )
  const field = {
    label,
    value,
    error,
    placeholder,
    spellCheck: false,
    autoComplete: 'off',
    classNames: { input: 'mono' },
  }
  return (
    <div className={classes.folder}>
      {desktop ? (
        <TextInput {...field} onChange={event => onChange(event.currentTarget.value)} />
      ) : (
        <Autocomplete
          {...field}
          onChange={onChange}
          data={folders.data?.filter(it => it !== value) ?? []}
          filter={({ options }) => options}
          maxDropdownHeight={240}
        />
      )}
      {desktop && (
        <Button
          variant="default"
          onClick={() => choose.mutate({ title: dialogTitle })}
          loading={choose.isPending}
          aria-label={`Browse: ${label}`}
        >
          Browse…
        </Button>
      )}
    </div>
  )
}
