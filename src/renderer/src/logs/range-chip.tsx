/** Chooses a log's time range, a preset or from–to, or goes to a moment. */
import { Button, Popover, TextInput, UnstyledButton } from '@mantine/core'
import { IconChevronDown, IconClock } from '@tabler/icons-react'
import { useState } from 'react'
import {
  allTime,
  inputOf,
  momentOf,
  presets,
  presetWord,
  rangeOf,
  rangeWord,
  timeZone,
  type TimeRange,
} from './moments'
import classes from './view.module.css'

interface RangeChipProps {
  range: TimeRange
  onChange: (range: TimeRange) => void
  onGo: (at: number) => void
}

export function RangeChip({ range, onChange, onGo }: RangeChipProps) {
  const [open, setOpen] = useState(false)
  const close = (): void => setOpen(false)
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-start"
      width={320}
      trapFocus
      returnFocus
      shadow="md"
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <UnstyledButton
          className={classes.chip}
          data-on={range.preset !== 'all' || undefined}
          onClick={() => setOpen(!open)}
          aria-label={`Time: ${rangeWord(range)}`}
        >
          <IconClock size={15} aria-hidden />
          {rangeWord(range)}
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label="Time" className={classes.range}>
        <div className={classes.presets} role="group" aria-label="Time range">
          {presets.map(it => (
            <Button
              key={it}
              size="xs"
              variant={range.preset === it ? 'filled' : 'default'}
              aria-pressed={range.preset === it}
              onClick={() => {
                onChange(rangeOf(it))
                close()
              }}
            >
              {presetWord[it]}
            </Button>
          ))}
        </div>
        <Custom
          range={range}
          onChange={it => {
            onChange(it)
            close()
          }}
        />
        <Go
          start={range.from}
          onGo={it => {
            onGo(it)
            close()
          }}
        />
        <p className={classes.zone}>Times are {timeZone()}.</p>
      </Popover.Dropdown>
    </Popover>
  )
}

function Custom({ range, onChange }: Pick<RangeChipProps, 'range' | 'onChange'>) {
  const [from, setFrom] = useState(inputOf(range.from))
  const [to, setTo] = useState(inputOf(range.to))
  const moments = { from: momentOf(from), to: momentOf(to) }
  const wrong = moments.from !== undefined && moments.to !== undefined && moments.to < moments.from
  const apply = (event: React.FormEvent): void => {
    event.preventDefault()
    if (!wrong)
      onChange(moments.from === undefined && moments.to === undefined ? allTime : { preset: 'custom', ...moments })
  }
  return (
    <form className={classes.custom} onSubmit={apply} aria-label="From and to">
      <TextInput
        type="datetime-local"
        step={1}
        size="xs"
        label="From"
        value={from}
        onChange={event => setFrom(event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        step={1}
        size="xs"
        label="To"
        value={to}
        onChange={event => setTo(event.currentTarget.value)}
        error={wrong && 'The end must be after the start.'}
      />
      <Button type="submit" size="xs" variant="default">
        Apply
      </Button>
    </form>
  )
}

function Go({ start, onGo }: { start: number | undefined; onGo: (at: number) => void }) {
  const [text, setText] = useState(() => inputOf(start ?? Date.now()))
  const at = momentOf(text)
  return (
    <form
      className={classes.custom}
      onSubmit={event => {
        event.preventDefault()
        if (at !== undefined) onGo(at)
      }}
      aria-label="Go to a time"
    >
      <TextInput
        type="datetime-local"
        step={1}
        size="xs"
        label="Go to a time"
        value={text}
        onChange={event => setText(event.currentTarget.value)}
      />
      <Button type="submit" size="xs" variant="default" disabled={at === undefined}>
        Go there
      </Button>
    </form>
  )
}
