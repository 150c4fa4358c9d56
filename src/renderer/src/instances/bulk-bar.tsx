/** The actions on the selected instances. */
import { Button, CloseButton } from '@mantine/core'
import { count, enumerate } from '../../../shared/amounts'
import { stopJob } from '../../../shared/jobs/lifecycle'
import { bulkJobs, bulkOf, type BulkAction } from '../../../shared/jobs/many'
import { confirm } from '../app/confirm'
import { EnvironmentButton } from '../environment/several-dialog'
import type { ShownInstance } from './arrange'
import { faceOf } from '../jobs/faces'
import { useJobs } from '../jobs/jobs'
import type { Skipped } from '../jobs/report'
import { RebuildButton } from '../rebuild/rebuild-button'
import { BulkMore } from './bulk-more'
import { idleReason } from './shown-status'
import classes from './list.module.css'

/** Asks before interrupting more than this many. */
const askAbove = 5

interface BulkBarProps {
  chosen: readonly ShownInstance[]
  /** How many of the selected instances the filter hides. */
  hidden: number
  onClear: () => void
}

export function BulkBar({ chosen, hidden, onClear }: BulkBarProps) {
  const { bulk } = useJobs()
  return (
    <div className={classes.bulk} role="toolbar" aria-label="Selected instances">
      <span className={classes.bulkCount} role="status">
        <strong>{chosen.length} selected</strong>
        {hidden > 0 && <span className="dimmed">, {hidden} hidden</span>}
      </span>
      {bulkJobs.map(({ kind: action }) => {
        const { Icon } = faceOf(action)
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
            {bulkOf(action).verb}
            {names.length && names.length < chosen.length ? ` ${names.length}` : ''}
          </Button>
        )
      })}
      <RebuildButton chosen={chosen} />
      <EnvironmentButton chosen={chosen} />
      <BulkMore chosen={chosen} />
      <CloseButton aria-label="Clear the selection" size="sm" onClick={onClear} />
    </div>
  )
}

function split(action: BulkAction, chosen: readonly ShownInstance[]): { names: string[]; skipped: Skipped[] } {
  const names: string[] = []
  const skipped: Skipped[] = []
  for (const {
    instance: { name, protected: guarded },
    status,
  } of chosen) {
    const reason =
      idleReason(action, status) ?? (action === stopJob.kind && guarded ? 'it is protected: stop it alone' : undefined)
    if (reason) skipped.push({ name, reason })
    else names.push(name)
  }
  return { names, skipped }
}

function ask(action: BulkAction, names: readonly string[], go: () => void): void {
  const { verb, warning } = bulkOf(action)
  if (warning === undefined || names.length <= askAbove) {
    go()
    return
  }
  confirm({
    title: `${verb} ${count(names.length, 'instance')}?`,
    children: `${enumerate(names)}. ${warning}`,
    confirm: `${verb} ${names.length}`,
    cancel: 'Cancel',
    onConfirm: go,
  })
}
