import { TextInput } from '@mantine/core'

interface TypedPhraseProps {
  /** What must be typed to confirm, e.g. an instance's name. */
  readonly phrase: string
  readonly typed: string
  readonly onType: (text: string) => void
}

/** The field of a dialog that must be confirmed by typing. */
export const TypedPhrase = ({ phrase, typed, onType }: TypedPhraseProps) => (
  <TextInput
    label={
      <>
        Type <code>{phrase}</code> to confirm
      </>
    }
    aria-label={`Type ${phrase} to confirm`}
    value={typed}
    onChange={event => onType(event.currentTarget.value)}
    autoComplete="off"
    spellCheck={false}
    data-autofocus
    classNames={{ input: 'mono' }}
  />
)
