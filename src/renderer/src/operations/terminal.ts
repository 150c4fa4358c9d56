/**
 * A terminal that only shows: xterm with its DOM renderer, in our colours, as large as its host, and never asked for
 * more than it can draw.
 */
import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import { terminalTheme } from './terminal-theme'

/** Writes that xterm may have under way; more only grow its queue. */
const maxPending = 4

export const terminalFont = "'JetBrains Mono Variable', monospace"

/** @param lineHeight of the font's own height @returns the terminal, and what ends it */
export function openTerminal(
  host: HTMLElement,
  scheme: 'light' | 'dark',
  scrollback: number,
  lineHeight = 1.35,
): { readonly view: Terminal; readonly close: () => void } {
  const view = new Terminal({
    convertEol: true,
    disableStdin: true,
    scrollback,
    fontSize: 12,
    lineHeight,
    cursorInactiveStyle: 'none',
    fontFamily: terminalFont,
    minimumContrastRatio: 4.5,
    theme: terminalTheme[scheme],
  })
  const fit = new FitAddon()
  view.loadAddon(fit)
  view.open(host)
  view.textarea?.setAttribute('tabindex', '-1') // nothing can be typed: the region around it takes the keyboard
  // it copies: there is nothing to interrupt
  view.attachCustomKeyEventHandler(event => !(event.ctrlKey && event.key === 'c'))
  const resize = new ResizeObserver(() => {
    if (host.clientHeight > 0) fit.fit()
  })
  resize.observe(host)
  let open = true
  void document.fonts.ready.then(() => {
    if (open) fit.fit()
  })
  return {
    view,
    close: () => {
      open = false
      resize.disconnect()
      view.dispose()
    },
  }
}

/** Milliseconds. */
const aFrame = 16

/**
 * Writes at once what comes after a pause, and else once a frame, as much as the terminal has room for.
 * @param next gives the next part, empty when there is none @param perFrame parts, at most @returns to be called when
 * there is more, and what ends it
 */
export function pourInto(
  view: Terminal,
  next: () => string,
  perFrame = maxPending,
): { readonly more: () => void; readonly end: () => void } {
  let pending = 0
  let frame = 0
  let last = -aFrame
  let done = false
  const write = (): void => {
    frame = 0
    last = performance.now()
    for (let part = 0; part < perFrame && pending < maxPending; part++) {
      const text = next()
      if (!text) return
      pending += 1
      view.write(text, () => {
        pending -= 1
        more()
      })
    }
  }
  const more = (): void => {
    if (frame || done) return
    if (performance.now() - last > aFrame) write()
    else frame = requestAnimationFrame(write)
  }
  return {
    more,
    end: () => {
      done = true
      cancelAnimationFrame(frame)
    },
  }
}
