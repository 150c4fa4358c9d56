/** A line of the history. Log text is only ever text: it never becomes an element, link or command. */
import { IconAlertCircleFilled, IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { memo } from 'react'
import { bytes } from '../../../shared/amounts'
import { lineOf, type LogLine } from '../../../shared/log'
import { drawnColours } from './colours'
import { head, shownLength } from './live-text'
import { clockOf, dayOf, wholeOf } from './moments'
import { spansOf, type Span } from './spans'
import classes from './rows.module.css'

export interface RowProps {
  line: LogLine
  scheme: 'light' | 'dark'
  precise: boolean
  /** Whether it is the current match. */
  current: boolean
  /** Show all available text, however long. */
  expanded: boolean
  /** Number of lines that can be folded into it, and whether they are. */
  follows: number
  folded: boolean
  /** Whether a new day begins with it. */
  day: boolean
  handlers: RowHandlers
}

export interface RowHandlers {
  readonly expand: (line: LogLine) => void
  readonly fold: (line: LogLine) => void
  readonly menu: (line: LogLine, at: { readonly x: number; readonly y: number }) => void
}

export const Row = memo(({ line, scheme, precise, current, expanded, follows, folded, day, handlers }: RowProps) => {
  const { position, at, text, error, continues, matches, cut } = line
  const { spans, rest } = head(spansOf(text, matches), expanded ? Infinity : shownLength)
  const Chevron = folded ? IconChevronRight : IconChevronDown
  return (
    <>
      {day && at !== undefined && (
        <div className={classes.day}>
          <span>{dayOf(at)}</span>
        </div>
      )}
      <div
        className={classes.row}
        data-line={lineOf(position)}
        data-error={error || undefined}
        data-continues={continues || undefined}
        data-current={current || undefined}
        onContextMenu={event => {
          event.preventDefault()
          handlers.menu(line, { x: event.clientX, y: event.clientY })
        }}
      >
        <span className={classes.time} title={at === undefined ? undefined : wholeOf(at)}>
          {at !== undefined && !continues && clockOf(at, precise)}
        </span>
        <span className={classes.mark}>
          {error && !continues && (
            <span role="img" aria-label="Error" title="Error">
              <IconAlertCircleFilled size={13} aria-hidden />
            </span>
          )}
        </span>
        <span className={classes.text} data-text>
          {spans.map((it, index) => (
            <Piece key={index} span={it} scheme={scheme} tinted={error || current} />
          ))}
          {(rest > 0 || (cut !== undefined && expanded)) && (
            <Rest rest={rest} cut={cut} expand={() => handlers.expand(line)} />
          )}
          {follows > 0 && (
            <button
              type="button"
              tabIndex={-1}
              className={classes.fold}
              aria-expanded={!folded}
              onClick={() => handlers.fold(line)}
            >
              <Chevron size={13} aria-hidden />
              {folded ? `${follows} more lines` : <span className={classes.hidden}>Fold {follows} lines</span>}
            </button>
          )}
        </span>
        <button
          type="button"
          tabIndex={-1}
          className={classes.more}
          aria-label="Actions for this line"
          title="More"
          onClick={({ currentTarget }) => {
            const { right, bottom } = currentTarget.getBoundingClientRect()
            handlers.menu(line, { x: right, y: bottom })
          }}
        />
      </div>
    </>
  )
})

function Piece({
  span: { text, style, match },
  scheme,
  tinted,
}: {
  span: Span
  scheme: 'light' | 'dark'
  tinted: boolean
}) {
  if (match) return <mark className={classes.match}>{text}</mark>
  if (Object.keys(style).length === 0) return text
  const { bold, italic, underline, struck } = style
  const textDecorationLine = [underline && 'underline', struck && 'line-through'].filter(Boolean).join(' ') || undefined
  return (
    <span
      style={{
        ...drawnColours(style, scheme, tinted),
        fontWeight: bold ? 700 : undefined,
        fontStyle: italic ? 'italic' : undefined,
        textDecorationLine,
      }}
    >
      {text}
    </span>
  )
}

/** Says how much of a very long line isn't shown. */
function Rest({ rest, cut, expand }: { rest: number; cut: number | undefined; expand: () => void }) {
  if (rest > 0)
    return (
      <button type="button" tabIndex={-1} className={classes.rest} onClick={expand}>
        … show {cut ? `more of ${bytes(cut)}` : `${rest.toLocaleString()} more characters`}
      </button>
    )
  return <span className={classes.note}> … this line has {bytes(cut ?? 0)}; save the log to see all of it</span>
}
