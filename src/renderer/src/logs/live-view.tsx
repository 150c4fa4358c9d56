/** New lines as they arrive, drawn by xterm. Scrolling up switches to the history at the same lines. */
import { useComputedColorScheme } from '@mantine/core'
import type { Terminal } from '@xterm/xterm'
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react'
import { selectedText } from './live-selection'
import { openTerminal, pourInto } from '../operations/terminal'
import type { LogLine } from '../../../shared/log'
import { liveText } from './live-text'
import type { LogReader } from './reader'
import classes from './view.module.css'

/** Maximum lines per write, and of lines waiting: beyond that, the oldest are counted instead of drawn. */
const batch = 500
const mostWaiting = 2000
/** Lines kept above the window, in case it grows. Older lines are in the history. */
const scrollback = 150
/** Makes lines as high as rows of the history. */
const lineHeight = 1.1

/**
 * Resets colours, moves the cursor home, clears the screen and the scrollback. Not a full reset, which would make xterm
 * recreate its styles.
 */
const clear = '\u001b[m\u001b[H\u001b[2J\u001b[3J'

/** @param colours whether to include colours as control sequences */
export interface SelectedText {
  selected(colours: boolean): string
}

interface LiveViewProps {
  reader: LogReader
  wrap: boolean
  precise: boolean
  handle: Ref<SelectedText>
  /** Called when the user scrolls up. */
  onUp: (pixels: number) => void
}

export function LiveView({ reader, wrap, precise, handle, onUp }: LiveViewProps) {
  const host = useRef<HTMLDivElement>(null)
  const terminal = useRef<Terminal>(null)
  const scheme = useComputedColorScheme('light')
  useImperativeHandle(
    handle,
    () => ({ selected: colours => (terminal.current ? selectedText(terminal.current, colours) : '') }),
    [],
  )

  useEffect(() => {
    if (!host.current) return
    const { view, close } = openTerminal(host.current, scheme, scrollback, lineHeight)
    terminal.current = view
    view.attachCustomWheelEventHandler(() => false)
    const end = pourLines(reader, view, { scheme, precise, wrap })
    return () => {
      end()
      close()
      terminal.current = null
    }
  }, [reader, scheme, precise, wrap])
  // Handled before the terminal sees it: older lines are in the history, not in the terminal.
  return (
    <div
      ref={host}
      className={classes.terminal}
      data-testid="live"
      onWheelCapture={event => {
        event.stopPropagation()
        if (event.deltaY < 0) onUp(-event.deltaY)
      }}
    />
  )
}

/** Writes the existing lines, then new ones. @returns stops it */
function pourLines(
  reader: LogReader,
  view: Terminal,
  { scheme, precise, wrap }: { scheme: 'light' | 'dark'; precise: boolean; wrap: boolean },
): () => void {
  let waiting: LogLine[] = []
  let undrawn = 0
  let first = true
  let columns = view.cols
  let before: number | undefined
  const next = (): string => {
    const lines = waiting.slice(0, batch)
    waiting = waiting.slice(batch)
    const texts = undrawn
      ? [`\u001b[2m… ${undrawn.toLocaleString()} lines not drawn here; they are in the history\u001b[0m`]
      : []
    undrawn = 0
    for (const line of lines) {
      texts.push(liveText(line, { scheme, precise, before }))
      before = line.at ?? before
    }
    if (!texts.length) return ''
    const text = (first ? '' : '\n') + texts.join('\n') // no empty line after the last one
    first = false
    return text
  }
  const { more, end } = pourInto(view, next, 1)
  const take = (lines: readonly LogLine[]): void => {
    waiting.push(...lines)
    if (waiting.length > mostWaiting) {
      undrawn += waiting.length - batch
      waiting = waiting.slice(-batch)
    }
    more()
  }
  const all = (): void => {
    // Written to the stream itself, so that it follows what is still queued. hide the cursor; without wrapping, lines
    // are cut off at the window's edge
    view.write(`${clear}\u001b[?25l${wrap ? '' : '\u001b[?7l'}`)
    waiting = []
    undrawn = 0
    first = true
    before = undefined
    take(reader.newest.slice(-view.rows - scrollback))
  }
  all()
  const stop = reader.onNews(news => {
    if (news === 'redraw') {
      all()
      return
    }
    undrawn += news.skipped
    take(news.lines)
  })
  // The terminal doesn't rewrap its last line when resized and would lose part of it.
  const resized = view.onResize(({ cols }) => {
    if (cols !== columns) {
      columns = cols
      all()
    }
  })
  return () => {
    stop()
    resized.dispose()
    end()
  }
}
