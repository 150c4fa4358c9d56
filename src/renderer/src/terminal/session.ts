/** One shell and the xterm that draws it. It lives on while the page shows something else. */
import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import type { TRPCClient } from '@trpc/client'
import type { Router } from '../../../main/api/router'
import { mostTyped, mostUnread } from '../../../shared/terminal'
import type { Problem } from '../../../shared/problem'
import { problemOf } from '../app/problem-of'
import { terminalFont, terminalTheme } from '../operations/terminal-theme'
import { notifyProblem } from '../app/notify'

type Scheme = 'light' | 'dark'

export type ShellState =
  | { readonly phase: 'opening' }
  | { readonly phase: 'open'; readonly user: string; readonly folder: string }
  /** `lost`: the connection was. */
  | { readonly phase: 'ended'; readonly code?: number; readonly lost?: boolean }
  | { readonly phase: 'failed'; readonly problem: Problem }

/** What is drawn is reported in parts of this size. */
const reported = mostUnread / 8

export class ShellSession {
  readonly #client: TRPCClient<Router>
  readonly #view: Terminal
  readonly #fit = new FitAddon()
  readonly #element = document.createElement('div')
  readonly #listeners = new Set<() => void>()
  #state: ShellState = { phase: 'opening' }
  #subscription: { unsubscribe(): void } | undefined
  #id: string | undefined
  #drawn = 0
  #typed = ''
  #typing = false
  readonly #name: string
  #leave: (() => void) | undefined

  constructor(client: TRPCClient<Router>, name: string, scheme: Scheme, screenReader: boolean) {
    this.#client = client
    this.#name = name
    this.#element.style.height = '100%'
    this.#view = new Terminal({
      scrollback: 5000,
      fontSize: 13,
      lineHeight: 1.2,
      fontFamily: terminalFont,
      minimumContrastRatio: 4.5,
      theme: themeOf(scheme),
      screenReaderMode: screenReader,
      linkHandler: { activate: () => undefined }, // links are made by whatever prints them
    })
    this.#view.loadAddon(this.#fit)
    this.#view.attachCustomKeyEventHandler(event => this.#key(event))
    this.#view.onData(text => this.#type(text))
    this.#view.onResize(({ cols, rows }) => this.#resize(cols, rows))
  }

  get state(): ShellState {
    return this.#state
  }

  get #hasEnded(): boolean {
    return this.#state.phase === 'ended'
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Shows it in an element of the page, and opens the shell the first time.
   * @param leave called by Shift+Esc, because Tab and Esc belong to the shell
   * @returns takes it out again
   */
  show(host: HTMLElement, leave: () => void): () => void {
    this.#leave = leave
    host.append(this.#element)
    if (!this.#view.element) this.#view.open(this.#element)
    const fit = (): void => {
      if (host.clientHeight > 0) this.#fit.fit()
    }
    const resize = new ResizeObserver(fit)
    resize.observe(host)
    void document.fonts.ready.then(() => {
      if (!this.#element.isConnected) return
      fit()
      this.#open()
    })
    if (!this.#hasEnded) this.#view.focus()
    return () => {
      resize.disconnect()
      this.#element.remove()
    }
  }

  wear(scheme: Scheme): void {
    this.#view.options.theme = themeOf(scheme)
  }

  readAloud(on: boolean): void {
    this.#view.options.screenReaderMode = on
  }

  focus(): void {
    this.#view.focus()
  }

  /** Ends the shell; what it printed stays. */
  end(): void {
    this.#end({ phase: 'ended' })
  }

  /** Ends the shell and removes what it printed. */
  close(): void {
    this.#subscription?.unsubscribe()
    this.#id = undefined
    this.#view.dispose()
    this.#element.remove()
  }

  #open(): void {
    if (this.#subscription) return
    const { cols: columns, rows } = this.#view
    this.#subscription = this.#client.terminal.open.subscribe(
      { name: this.#name, columns, rows },
      {
        onData: news => {
          if (news.kind === 'output') this.#view.write(news.text, () => this.#draw(news.text.length))
          else if (news.kind === 'ended') this.#end({ phase: 'ended', code: news.code })
          else {
            this.#id = news.id
            this.#set({ phase: 'open', user: news.user, folder: news.folder })
            this.#resize(this.#view.cols, this.#view.rows)
          }
        },
        onError: error => this.#end({ phase: 'failed', problem: problemOf(error) }),
        // tRPC would subscribe again, and open another shell in this one's place.
        onConnectionStateChange: ({ state, error }) => {
          if (state === 'connecting' && error) this.#end({ phase: 'ended', lost: true })
        },
      },
    )
  }

  #end(state: ShellState): void {
    this.#subscription?.unsubscribe()
    this.#id = undefined
    this.#view.options.disableStdin = true
    this.#view.write('\u001b[?25l') // no cursor
    this.#set(state)
  }

  #set(state: ShellState): void {
    this.#state = state
    for (const it of this.#listeners) it()
  }

  #draw(characters: number): void {
    this.#drawn += characters
    if (this.#drawn < reported || this.#id === undefined) return
    void this.#client.terminal.read.mutate({ id: this.#id, characters: this.#drawn }).catch(() => undefined)
    this.#drawn = 0
  }

  #resize(columns: number, rows: number): void {
    if (this.#id === undefined) return
    void this.#client.terminal.resize.mutate({ id: this.#id, columns, rows }).catch(() => undefined)
  }

  /** One message at a time, so that they arrive in order; what is typed meanwhile goes with the next. */
  #type(text: string): void {
    this.#typed += text
    if (!this.#typing) void this.#send()
  }

  async #send(): Promise<void> {
    this.#typing = true
    try {
      while (this.#typed && this.#id !== undefined) {
        const text = this.#typed.slice(0, mostTyped)
        this.#typed = this.#typed.slice(mostTyped)
        await this.#client.terminal.type.mutate({ id: this.#id, text })
      }
    } catch (error) {
      if (this.#id !== undefined) notifyProblem(error)
    } finally {
      this.#typed = ''
      this.#typing = false
    }
  }

  /** @returns whether the shell gets the key */
  #key(event: KeyboardEvent): boolean {
    const { key, ctrlKey, shiftKey, altKey, metaKey, type } = event
    if (this.#hasEnded && (key === 'Tab' || key === 'Escape')) return false // they are the page’s again
    const onlyShift = shiftKey && !altKey && !metaKey
    if (onlyShift && ctrlKey && key.toLowerCase() === 'c') {
      event.preventDefault() // in a browser, it opens the developer tools
      if (type === 'keydown' && this.#view.hasSelection())
        navigator.clipboard.writeText(this.#view.getSelection()).catch(notifyProblem)
      return false
    }
    if (onlyShift && ctrlKey && key.toLowerCase() === 'v') return false // the browser pastes
    if (onlyShift && !ctrlKey && key === 'Escape') {
      event.preventDefault()
      if (type === 'keydown') this.#leave?.()
      return false
    }
    return true
  }
}

const themeOf = (scheme: Scheme) => ({ ...terminalTheme[scheme], cursor: terminalTheme[scheme].foreground })
