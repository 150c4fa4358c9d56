/** What can be done with the chosen ones. */
import { Button, CloseButton } from '@mantine/core'
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from '@tabler/icons-react'
import { count, enumerate } from '../../../shared/amounts'
import type { ManyAction } from '../../../shared/many'
import { confirm } from '../app/confirm'
import type { Shown } from './arrange'
import { useJobs, type Skipped } from './jobs'
import { idleReason } from './shown-status'
import classes from './list.module.css'

const actions = [
  { action: 'start', word: 'Start', Icon: IconPlayerPlay },
  { action: 'stop', word: 'Stop', Icon: IconPlayerStop },
  { action: 'restart', word: 'Restart', Icon: IconRefresh },
] as const

/** More than these are not interrupted by one slip. */
const askAbove = 5

interface BulkBarProps {
  chosen: readonly Shown[]
  /** How many of them the filter hides. */
  hidden: number
  onClear: () => void
}

export function BulkBar({ chosen, hidden, onClear }: BulkBarProps) {
  const { bulk } = useJobs()
  return (
    <div className={classes.bulk} role="toolbar" aria-label="Selected instances">
      <span className={classes.bulkCount} role="status">
        <strong>{chosen.length} selected</strong>
        {hidden > 0 && <span className="dimmed">, {hidden} not shown</span>}
      </span>
      {actions.map(({ action, word, Icon }) => {
        const { names, skipped } = split(action, chosen)
        return (
          <Button
            key={action}
            size="xs"
            variant="default"
            disabled={!names.length}
            leftSection={<Icon size={15} aria-hidden />}
            onClick={() => ask(action, names, () => bulk(action, names, skipped))}
          >
            {word}
            {names.length && names.length < chosen.length ? ` ${names.length}` : ''}
          </Button>
        )
      })}
      <CloseButton aria-label="Clear the selection" size="sm" onClick={onClear} />
    </div>
  )
}

function split(action: ManyAction, chosen: readonly Shown[]): { names: string[]; skipped: Skipped[] } {
  const names: string[] = []
  const skipped: Skipped[] = []
  for (const {
    instance: { name },
    status,
  } of chosen) {
    const reason = idleReason(action, status)
    if (reason) skipped.push({ name, reason })
    else names.push(name)
  }
  return { names, skipped }
}

function ask(action: ManyAction, names: readonly string[], go: () => void): void {
  if (action === 'start' || names.length <= askAbove) {
    go()
    return
  }
  const word = action === 'stop' ? 'Stop' : 'Restart'
  confirm({
    title: `${word} ${count(names.length, 'instance')}?`,
    children: `${enumerate(names)}. ${action === 'stop' ? 'Nobody can use them until they are started again. No data is lost.' : 'Each is away for a moment, at most four at a time.'}`,
    confirm: `${word} ${names.length}`,
    cancel: 'Leave them',
    onConfirm: go,
  })
}
