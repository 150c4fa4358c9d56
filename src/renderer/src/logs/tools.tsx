/** The toolbar of a log: filters, search and display options. */
import { ActionIcon, Button, Menu, SegmentedControl, UnstyledButton } from '@mantine/core'
import {
  IconAlertCircleFilled,
  IconArrowBarToDown,
  IconArrowBarToUp,
  IconCopy,
  IconDeviceFloppy,
  IconDotsVertical,
  IconExternalLink,
  IconFilterOff,
  IconPlayerPlayFilled,
  IconPointFilled,
} from '@tabler/icons-react'
import type { ReactNode, RefObject } from 'react'
import { RangeChip } from './range-chip'
import type { LogReader } from './reader'
import { useReader } from './use-reader'
import { SearchField } from './search-field'
import type { LogStream } from './sources'
import { isFiltered, withoutFilters, type LogChoice } from './wanted'
import classes from './view.module.css'

export interface Looks {
  readonly wrap: boolean
  readonly folded: boolean
}

interface ToolsProps {
  /** The source's name, or the control that chooses it. */
  title?: ReactNode
  /** Shown last: the button that closes the pane. */
  end?: ReactNode
  wanted: LogChoice
  reader: LogReader
  field: RefObject<HTMLInputElement | null>
  looks: Looks
  onLooks: (looks: Looks) => void
  onChange: (change: Partial<LogChoice>) => void
  onFind: (direction: 'next' | 'previous') => void
  onCopy: (colours: boolean) => void
  onSave: () => void
  onWindow?: () => void
}

const streams: readonly { readonly value: LogStream; readonly label: string }[] = [
  { value: 'both', label: 'Both' },
  { value: 'out', label: 'Out' },
  { value: 'err', label: 'Err' },
]

export function Tools(props: ToolsProps) {
  const { title, end, wanted, reader, field, onChange, onFind } = props
  const { source } = wanted
  const following = useReader(reader, it => it.mode === 'follow')
  const wrong = useReader(reader, it => it.searchProblem !== undefined)
  return (
    <div className={classes.tools} role="group" aria-label="Which lines">
      {title}
      {source.kind === 'instance' && (
        <SegmentedControl
          size="xs"
          aria-label="Stream"
          data={streams as { value: LogStream; label: string }[]}
          value={source.stream}
          onChange={stream => onChange({ source: { ...source, stream: stream } })}
        />
      )}
      <UnstyledButton
        className={classes.chip}
        data-on={wanted.errorsOnly ? 'bad' : undefined}
        aria-pressed={wanted.errorsOnly}
        aria-label="Errors only"
        onClick={() => onChange({ errorsOnly: !wanted.errorsOnly })}
      >
        <IconAlertCircleFilled size={15} aria-hidden />
        <span>
          Errors<span className={classes.word}> only</span>
        </span>
      </UnstyledButton>
      <RangeChip
        range={wanted.range}
        onChange={range => onChange({ range })}
        onGo={at => reader.history.jump({ type: 'time', time: at })}
      />
      <SearchField wanted={wanted} field={field} problem={wrong} onChange={onChange} onFind={onFind} />
      {(isFiltered(wanted) || wanted.search !== '') && (
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconFilterOff size={15} aria-hidden />}
          aria-label="Clear filters"
          className={classes.clear}
          onClick={() => onChange(withoutFilters(wanted))}
        >
          <span>Clear filters</span>
        </Button>
      )}
      <div className={classes.end}>
        <Button
          size="compact-sm"
          h={30}
          variant={following ? 'default' : 'light'}
          aria-pressed={following}
          leftSection={
            following ? (
              <IconPointFilled size={16} className={classes.live} aria-hidden />
            ) : (
              <IconPlayerPlayFilled size={12} aria-hidden />
            )
          }
          onClick={() => (following ? reader.stop() : reader.follow())}
        >
          {following ? 'Live' : 'Follow'}
        </Button>
        <More {...props} />
        {end}
      </div>
    </div>
  )
}

function More({ wanted, reader, looks, onLooks, onChange, onCopy, onSave, onWindow }: ToolsProps) {
  return (
    <Menu position="bottom-end" width={270} shadow="md" transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={30} aria-label="More options">
          <IconDotsVertical size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.CheckboxItem checked={looks.wrap} onChange={wrap => onLooks({ ...looks, wrap })}>
          Wrap long lines
        </Menu.CheckboxItem>
        <Menu.CheckboxItem checked={looks.folded} onChange={folded => onLooks({ ...looks, folded })}>
          Fold stack traces
        </Menu.CheckboxItem>
        <Menu.CheckboxItem checked={wanted.reveal} onChange={reveal => onChange({ reveal })}>
          Show secrets
          <span className="dimmed" style={{ display: 'block', fontSize: 12 }}>
            This workspace’s passwords and keys, otherwise masked
          </span>
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconArrowBarToUp size={16} aria-hidden />}
          onClick={() => reader.history.jump({ type: 'start' })}
        >
          Go to the beginning
        </Menu.Item>
        <Menu.Item
          leftSection={<IconArrowBarToDown size={16} aria-hidden />}
          onClick={() => reader.history.jump({ type: 'end' })}
        >
          Go to the end
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => onCopy(false)}>
          Copy the selection
        </Menu.Item>
        <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => onCopy(true)}>
          Copy with colours
        </Menu.Item>
        <Menu.Item leftSection={<IconDeviceFloppy size={16} aria-hidden />} onClick={onSave}>
          Save to a file…
        </Menu.Item>
        {onWindow && (
          <Menu.Item leftSection={<IconExternalLink size={16} aria-hidden />} onClick={onWindow}>
            Open in its own window
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
