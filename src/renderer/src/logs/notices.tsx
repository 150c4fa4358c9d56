/** What a log's view says above its lines, over them, or instead of them. */
import { Button, Loader, UnstyledButton } from '@mantine/core'
import { IconArrowDown, IconEye, IconFileOff, IconFilterOff, IconRefreshAlert } from '@tabler/icons-react'
import { ProblemView } from '../app/problem'
import { clockOf } from './moments'
import type { LogReader } from './reader'
import { useReader } from './use-reader'
import { isFiltered, type LogChoice } from './wanted'
import classes from './view.module.css'

/** Notices above the lines. */
export function Strips({
  wanted,
  reader,
  onChange,
}: {
  wanted: LogChoice
  reader: LogReader
  onChange: (change: Partial<LogChoice>) => void
}) {
  const restartedAt = useReader(reader, it => it.restartedAt)
  return (
    <>
      {wanted.reveal && (
        <div className={classes.strip} data-tone="warn" role="status">
          <IconEye size={16} aria-hidden />
          <p>Secrets are shown: passwords and keys aren’t masked here, nor in saved files.</p>
          <Button size="compact-xs" variant="default" onClick={() => onChange({ reveal: false })}>
            Mask them
          </Button>
        </div>
      )}
      {restartedAt !== undefined && (
        <div className={classes.strip} role="status">
          <IconRefreshAlert size={16} aria-hidden />
          <p>The file was emptied or replaced at {clockOf(restartedAt, false)}.</p>
          <Button size="compact-xs" variant="default" onClick={() => reader.dismissRestart()}>
            Dismiss
          </Button>
        </div>
      )}
    </>
  )
}

/** Shown over the lines or instead of them. */
export function Over({ wanted, reader, onClear }: { wanted: LogChoice; reader: LogReader; onClear: () => void }) {
  const { mode, loaded, opening, looked, blank, fresh, problem } = useReader(reader, it => it)
  if (problem)
    return (
      <div className={classes.wrongs}>
        <ProblemView problem={problem} onRetry={() => reader.open()} />
      </div>
    )
  const nothing =
    mode === 'follow'
      ? blank && !opening
      : loaded !== undefined && loaded.lines.length === 0 && loaded.atStart && loaded.atEnd
  const filtered = isFiltered(wanted)
  return (
    <>
      {opening && looked === undefined && !loaded && (
        <div className={classes.empty}>
          <Loader size="sm" role="progressbar" aria-label="Reading the log" />
        </div>
      )}
      {looked !== undefined && (
        <div className={classes.looking} role="status">
          <Loader size={12} aria-hidden />
          Searching the log… {Math.floor(looked * 100)} %
        </div>
      )}
      {nothing && (
        <div className={classes.empty} role="status">
          {filtered ? <IconFilterOff size={26} aria-hidden /> : <IconFileOff size={26} aria-hidden />}
          {filtered ? (
            <p>
              <strong>No matching lines</strong>
              {mode === 'follow' ? 'New ones will appear here.' : 'The filters hide every line of this log.'}
            </p>
          ) : (
            <p>
              <strong>Nothing logged yet</strong>
              {mode === 'follow' && 'New lines appear here as they are written.'}
            </p>
          )}
          {filtered && (
            <Button size="xs" variant="default" onClick={onClear}>
              Clear filters
            </Button>
          )}
        </div>
      )}
      {mode === 'history' && fresh > 0 && (
        <UnstyledButton className={classes.pill} onClick={() => reader.follow()}>
          {fresh.toLocaleString('en')} new {fresh === 1 ? 'line' : 'lines'}
          <IconArrowDown size={15} aria-hidden />
        </UnstyledButton>
      )}
    </>
  )
}
