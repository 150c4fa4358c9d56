/**
 * A read-only terminal: xterm with its DOM renderer, in our colours, fitted to its host, and never given more than it
 * can draw.
 */
import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { terminalFont, terminalTheme } from './terminal-theme'

/** Maximum writes pending in xterm; more would only lengthen its queue. */
const maxPending = 4

/** @param lineHeight relative to the font's height @returns the terminal, and a function that disposes of it */
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
  view.textarea?.setAttribute('tabindex', '-1') // nothing can be typed; the surrounding region handles the keyboard
  // Ctrl+C copies, as there is nothing to interrupt
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
 * Writes at once after a pause, otherwise once per frame, as much as the terminal can take.
 * @param next returns the next part, empty if there is none @param perFrame maximum parts per frame @returns a function
 * to call when there is more, and one that stops it
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
