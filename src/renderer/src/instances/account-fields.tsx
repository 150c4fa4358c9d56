/** The fields of an administrator's account. */
import { TextInput } from '@mantine/core'
import { CopyButton } from '../app/copy-button'

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly error: string | undefined
  readonly onType: (text: string) => void
}

export const NameField = ({ label, value, error, onType }: FieldProps) => (
  <TextInput
    label={label}
    autoComplete="off"
    value={value}
    error={error}
    onChange={event => onType(event.currentTarget.value)}
  />
)

export const EmailField = ({ label, value, error, onType }: FieldProps) => (
  <TextInput
    label={label}
    type="email"
    autoComplete="off"
    spellCheck={false}
    value={value}
    error={error}
    onChange={event => onType(event.currentTarget.value.trim())}
  />
)

/** Shown as text: the operator passes it on. */
export const PasswordField = ({ label, value, error, onType }: FieldProps) => (
  <TextInput
    label={label}
    description="Copy it now, or type another one."
    autoComplete="off"
    spellCheck={false}
    classNames={{ input: 'mono' }}
    value={value}
    error={error}
    onChange={event => onType(event.currentTarget.value)}
    rightSection={<CopyButton value={value} label="password" />}
  />
)
