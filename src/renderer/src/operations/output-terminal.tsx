/** The live output of a step. xterm draws it (DOM renderer); only text and colours get that far. */
import { useComputedColorScheme } from '@mantine/core'
import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import { useEffect, useRef } from 'react'
import type { OutputLog } from './output-log'
import { SgrFilter } from './sgr'
import { terminalTheme } from './terminal-theme'
import classes from './output.module.css'

/** Writes that xterm may have under way; more only grow its queue. */
const maxPending = 4
/** Characters in one write. */
const writeSize = 65_536

/** @param step whose output is shown */
export function OutputTerminal({ log, step, label }: { log: OutputLog; step: string; label: string }) {
  const host = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme('light')
  const terminal = useRef<Terminal>(null)

  useEffect(() => {
    const element = host.current
    if (!element) return
    const view = new Terminal({
      convertEol: true, disableStdin: true, scrollback: 10_000, fontSize: 12, lineHeight: 1.35, cursorInactiveStyle: 'none',
      fontFamily: "'JetBrains Mono Variable', monospace", minimumContrastRatio: 4.5, theme: terminalTheme[scheme],
    })
    terminal.current = view
    const fit = new FitAddon()
    view.loadAddon(fit)
    view.open(element)
    view.textarea?.setAttribute('tabindex', '-1') // nothing can be typed: the region around it takes the keyboard
    const resize = new ResizeObserver(() => { if (element.clientHeight > 0) fit.fit() })
    resize.observe(element)
    void document.fonts.ready.then(() => { if (terminal.current === view) fit.fit() })
    const stop = pour(log, step, view)
    return () => { stop(); resize.disconnect(); view.dispose(); terminal.current = null }
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
  return <div className={classes.terminal} role="region" aria-label={label} tabIndex={0} onKeyDown={scroll}><div ref={host} className={classes.host} /></div>
}

/** Pours a step's output into the terminal: what is there, then what comes, in batches once a frame. @returns ends it */
function pour(log: OutputLog, step: string, view: Terminal): () => void {
  let filter = new SgrFilter()
  let waiting = ''
  let pending = 0
  let frame = 0
  const write = (): void => {
    frame = 0
    while (waiting && pending < maxPending) {
      const part = waiting.slice(0, writeSize)
      waiting = waiting.slice(writeSize)
      pending += 1
      view.write(part, () => { pending -= 1; schedule() })
    }
  }
  const schedule = (): void => { if (waiting && !frame) frame = requestAnimationFrame(write) }
  const take = (chunk: string): void => { waiting += filter.push(chunk); schedule() }
  const all = (): void => {
    filter = new SgrFilter()
    waiting = ''
    take(log.chunks.filter(it => it.step === step).map(it => it.chunk).join(''))
  }
  all()
  const unsubscribe = log.subscribe(added => {
    if (!added) { view.reset(); all() } else if (added.step === step) take(added.chunk)
  })
  return () => { unsubscribe(); cancelAnimationFrame(frame) }
}
