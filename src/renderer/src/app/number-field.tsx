import { TextInput, type TextInputProps } from '@mantine/core'

interface NumberFieldProps extends Omit<TextInputProps, 'value' | 'onChange'> {
  /** As typed, which may be no number at all; the form says so. */
  readonly typed: string
  readonly onType: (text: string) => void
}

/** For a whole number of at most seven digits. A text field, so that nothing typed is lost or changed by scrolling. */
export const NumberField = ({ typed, onType, ...rest }: NumberFieldProps) => (
  <TextInput
    inputMode="numeric"
    autoComplete="off"
    maxLength={7}
    value={typed}
    onChange={event => onType(event.currentTarget.value.trim())}
    {...rest}
  />
)
