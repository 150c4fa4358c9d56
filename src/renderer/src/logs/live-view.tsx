/** New lines as they come. xterm draws them; who scrolls up leaves for the history at the same lines. */
import { useComputedColorScheme } from '@mantine/core'
import type { Terminal } from '@xterm/xterm'
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react'
import { selectedText } from './live-selection'
import { openTerminal, pourInto } from '../operations/terminal'
import type { LogLine } from '../../../shared/log'
import { liveText } from './live-text'
import type { LogReader } from './reader'
import classes from './view.module.css'

/** Lines in one write; and lines that wait at most: of more, the oldest are not drawn, but counted. */
const batch = 500
const mostWaiting = 2000
/** Lines that a window which grows has above. What is further up is in the history. */
const scrollback = 150
/** With it a line is as high as a row of the history. */
const lineHeight = 1.1

/**
 * No colour, to the first place, nothing on the screen, nothing above it. Not a reset, with which xterm makes its
 * styles anew.
 */
const clear = '\u001b[m\u001b[H\u001b[2J\u001b[3J'

/** @param colours as a terminal would be told them */
export interface SelectedText {
  selected(colours: boolean): string
}

interface LiveViewProps {
  reader: LogReader
  wrap: boolean
  precise: boolean
  handle: Ref<SelectedText>
  /** It was scrolled up by so many pixels. */
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
  // Before the terminal sees it: what is further up is in the history, not in the terminal.
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

/** What is there, then what comes. @returns ends it */
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
    const text = (first ? '' : '\n') + texts.join('\n') // no empty line below the last
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
    // In the stream itself, behind what is still to be drawn.
    // no cursor; without wrapping a line ends at the window's edge
    view.write(`${clear}\u001b[?25l${wrap ? '' : '\u001b[?7l'}`)
    waiting = []
    undrawn = 0
    first = true
    before = undefined
    take(reader.newest.slice(-view.rows - scrollback))
  }
  all()
  const stop = reader.onNews(news => {
    if (news === 'anew') {
      all()
      return
    }
    undrawn += news.skipped
    take(news.lines)
  })
  // The terminal does not wrap its last line anew, and would lose a part of it.
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
