/** Search as you type, with the number of matches and navigation between them. */
import { ActionIcon, Checkbox, Kbd, Loader, NumberInput, TextInput, Tooltip, UnstyledButton } from '@mantine/core'
import { IconAlertCircle, IconArrowDown, IconArrowUp, IconSearch, IconX } from '@tabler/icons-react'
import { useEffect, useEffectEvent, useState, type KeyboardEvent, type RefObject } from 'react'
import type { LogReader } from './reader'
import type { ReaderState } from './reader-state'
import { useReader } from './use-reader'
import type { LogChoice } from './wanted'
import classes from './view.module.css'

/** Milliseconds without a keystroke before searching. */
const pause = 200

interface SearchFieldProps {
  wanted: LogChoice
  field: RefObject<HTMLInputElement | null>
  problem: boolean
  onChange: (change: Partial<LogChoice>) => void
  onFind: (direction: 'next' | 'previous') => void
}

export function SearchField({ wanted, field, problem, onChange, onFind }: SearchFieldProps) {
  const [text, setText] = useState(wanted.search)
  const [known, setKnown] = useState(wanted.search)
  if (known !== wanted.search) {
    // changed from elsewhere
    setKnown(wanted.search)
    setText(wanted.search)
  }
  const search = (it: string): void => {
    if (it !== wanted.search) {
      setKnown(it)
      onChange({ search: it })
    }
  }
  const rested = useEffectEvent(search)
  useEffect(() => {
    const timer = setTimeout(() => rested(text), text === '' ? 0 : pause)
    return () => clearTimeout(timer)
  }, [text])
  const key = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && text !== wanted.search) search(text)
    else if (event.key === 'Enter') onFind(event.shiftKey ? 'previous' : 'next')
    else if (event.key === 'Escape' && text !== '') setText('')
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const flag = (of: 'matchCase' | 'regex', label: string, sign: string) => (
    <Tooltip label={label}>
      <UnstyledButton
        className={classes.switch}
        aria-pressed={wanted[of]}
        aria-label={label}
        onClick={() => onChange({ [of]: !wanted[of] })}
      >
        {sign}
      </UnstyledButton>
    </Tooltip>
  )
  return (
    <TextInput
      ref={field}
      size="xs"
      className={classes.search}
      aria-label="Search the log"
      placeholder="Search"
      autoComplete="off"
      spellCheck={false}
      aria-keyshortcuts="/ Control+F"
      maxLength={1000}
      value={text}
      onChange={event => setText(event.currentTarget.value)}
      onKeyDown={key}
      error={problem}
      withErrorStyles
      leftSection={<IconSearch size={15} aria-hidden />}
      rightSectionWidth={text ? 86 : 82}
      rightSection={
        <span className={classes.switches}>
          {flag('matchCase', 'Match case', 'Aa')}
          {flag('regex', 'Regular expression', '.*')}
          {text ? (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="xs"
              aria-label="Clear the search"
              onClick={() => {
                setText('')
                field.current?.focus()
              }}
            >
              <IconX size={13} />
            </ActionIcon>
          ) : (
            <Kbd size="xs" aria-hidden>
              /
            </Kbd>
          )}
        </span>
      }
    />
  )
}

interface FoundProps {
  wanted: LogChoice
  reader: LogReader
  onChange: (change: Partial<LogChoice>) => void
  onFind: (direction: 'next' | 'previous') => void
}

/** Shown below the tools during a search. */
export function Found({ wanted, reader, onChange, onFind }: FoundProps) {
  const problem = useReader(reader, it => it.searchProblem)
  const none = useReader(reader, it => !it.count?.hits)
  if (problem) {
    return (
      <div className={classes.found} role="alert">
        <p className={classes.wrong}>
          <IconAlertCircle size={15} aria-hidden />
          <span>
            {[problem.message, problem.cause, problem.hint]
              .filter(it => it !== undefined)
              .map(it => (/[.!?]$/.test(it) ? it : `${it}.`))
              .join(' ')}
          </span>
        </p>
      </div>
    )
  }
  return (
    <div className={classes.found} role="group" aria-label="Found">
      <span className={classes.hits}>
        <Tooltip label="Previous match (Shift+Enter, Shift+F3)">
          <ActionIcon
            variant="default"
            size="sm"
            aria-label="Previous match"
            disabled={none}
            onClick={() => onFind('previous')}
          >
            <IconArrowUp size={14} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Next match (Enter, F3)">
          <ActionIcon
            variant="default"
            size="sm"
            aria-label="Next match"
            disabled={none}
            onClick={() => onFind('next')}
          >
            <IconArrowDown size={14} />
          </ActionIcon>
        </Tooltip>
        <Hits reader={reader} />
      </span>
      <Checkbox
        size="xs"
        label="Only matching lines"
        checked={wanted.matchesOnly}
        onChange={event => onChange({ matchesOnly: event.currentTarget.checked })}
      />
      {wanted.matchesOnly && (
        <label className={classes.context}>
          and{' '}
          <NumberInput
            size="xs"
            min={0}
            max={20}
            clampBehavior="strict"
            aria-label="Lines around each match"
            value={wanted.context}
            onChange={it => onChange({ context: Number(it) || 0 })}
          />{' '}
          around each
        </label>
      )}
    </div>
  )
}

/** Updated ten times a second while matches are counted. */
function Hits({ reader }: { reader: LogReader }) {
  const state = useReader(reader, it => it)
  return (
    <>
      <span role="status" aria-label="Matches">
        {hitsWord(state)}
      </span>
      {(state.searching || state.count?.done === false) && (
        <Loader size={13} role="progressbar" aria-label="Searching" />
      )}
    </>
  )
}

/** e.g. "12 of 3,402 matches", "3,402 matches so far (38 %)", "No matches". */
export function hitsWord({ count, rank, ended }: Pick<ReaderState, 'count' | 'rank' | 'ended'>): string {
  if (!count) return 'Searching…'
  const { hits, scanned, total, done } = count
  const share = done ? '' : ` so far (${total > 0 ? Math.floor((scanned / total) * 100) : 0} %)`
  if (hits === 0) return done ? 'No matches' : `No matches${share}`
  const words = `${hits.toLocaleString('en')} ${hits === 1 ? 'match' : 'matches'}`
  const edge = ended === 'next' ? ' · last match' : ended === 'previous' ? ' · first match' : ''
  return `${rank !== undefined && rank >= 1 && rank <= hits ? `${rank.toLocaleString('en')} of ` : ''}${words}${share}${edge}`
}
