/** A field for a path: uses the system's dialog if there is one, otherwise suggests paths while typing. */
import { Autocomplete, Button, TextInput } from '@mantine/core'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { useApp } from './live'
import { notifyProblem } from './notify'
import { useTRPC } from './trpc'
import classes from './path-field.module.css'

interface PathFieldProps {
  label: string
  /** What is chosen: a folder, or a file with an image of a container. */
  of: 'folder' | 'image'
  /** The dialog's title. */
  dialogTitle: string
  value: string
  onChange: (path: string) => void
  error?: string | undefined
  placeholder?: string
  /** Gets the focus when its dialog opens. */
  first?: boolean
}

export function PathField({ label, of, dialogTitle, value, onChange, error, placeholder, first }: PathFieldProps) {
  const { desktop } = useApp()
  const { app } = useTRPC()
  const chosen = {
    onSuccess: (path: string | null) => {
      if (path) onChange(path)
    },
    onError: notifyProblem,
  }
  const folder = useMutation(app.chooseFolder.mutationOptions(chosen))
  const image = useMutation(app.chooseImageFile.mutationOptions(chosen))
  const choose = of === 'folder' ? folder : image
  const suggesting = { enabled: !desktop && /^[/~]/.test(value), placeholderData: keepPreviousData }
  const paths = useQuery(
    of === 'folder'
      ? app.folders.queryOptions({ path: value }, suggesting)
      : app.imageFiles.queryOptions({ path: value }, suggesting),
  )
  const field = {
    label,
    value,
    error,
    placeholder,
    spellCheck: false,
    autoComplete: 'off',
    'data-autofocus': first,
    classNames: { input: 'mono' },
  }
  return (
    <div className={classes.path}>
      {desktop ? (
        <TextInput {...field} onChange={event => onChange(event.currentTarget.value)} />
      ) : (
        <Autocomplete
          {...field}
          onChange={onChange}
          data={paths.data?.filter(it => it !== value) ?? []}
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
