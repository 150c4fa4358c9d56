/** The live output of a step, drawn by xterm, which only ever gets text and colours. */
import { useComputedColorScheme } from '@mantine/core'
import type { Terminal } from '@xterm/xterm'
import { useEffect, useRef } from 'react'
import type { OutputLog } from './output-log'
import { SgrFilter } from './sgr'
import { openTerminal, pourInto } from './terminal'
import classes from './output.module.css'

/** Maximum characters per write. */
const writeSize = 65_536

/** @param step the step whose output is shown */
export function OutputTerminal({ log, step, label }: { log: OutputLog; step: string; label: string }) {
  const host = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme('light')
  const terminal = useRef<Terminal>(null)

  useEffect(() => {
    if (!host.current) return
    const { view, close } = openTerminal(host.current, scheme, 10_000)
    terminal.current = view
    const stop = pour(log, step, view)
    return () => {
      stop()
      close()
      terminal.current = null
    }
  }, [log, step, scheme])

  const scroll = (event: React.KeyboardEvent): void => {
    const page = { PageUp: -1, PageDown: 1 }[event.key]
    const lines = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (page) terminal.current?.scrollPages(page)
    else if (lines) terminal.current?.scrollLines(lines)
    else if (event.key === 'Home') terminal.current?.scrollToTop()
    else if (event.key === 'End') terminal.current?.scrollToBottom()
    else return
    event.preventDefault()
  }
  return (
    <div className={classes.terminal} role="region" aria-label={label} tabIndex={0} onKeyDown={scroll}>
      <div ref={host} className={classes.host} />
    </div>
  )
}

/** Writes a step's existing output to the terminal, then new chunks. @returns stops it */
function pour(log: OutputLog, step: string, view: Terminal): () => void {
  let filter = new SgrFilter()
  let waiting = ''
  const { more, end } = pourInto(view, () => {
    const part = waiting.slice(0, writeSize)
    waiting = waiting.slice(writeSize)
    return part
  })
  const take = (chunk: string): void => {
    waiting += filter.push(chunk)
    more()
  }
  const all = (): void => {
    filter = new SgrFilter()
    waiting = ''
    take(
      log.chunks
        .filter(it => it.step === step)
        .map(it => it.chunk)
        .join(''),
    )
  }
  all()
  const unsubscribe = log.subscribe(added => {
    if (!added) {
      view.reset()
      all()
    } else if (added.step === step) take(added.chunk)
  })
  return () => {
    unsubscribe()
    end()
  }
}
