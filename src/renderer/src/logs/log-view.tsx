/** One log of any source, live or its history, with search and filters. */
import { useLocalStorage } from '@mantine/hooks'
import { useEffect, useEffectEvent, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { lineOf } from '../../../shared/log'
import { useOperations } from '../app/live'
import { useTRPCClient } from '../app/trpc'
import { logClient } from './client'
import { useCopy } from './copy'
import { LineMenu, type LineMenuAt } from './line-menu'
import { LiveView, type SelectedText } from './live-view'
import { Over, Strips } from './notices'
import { LogReader } from './reader'
import { useReader } from './use-reader'
import { Rows, type RowsHandle } from './rows'
import { SaveDialog } from './save'
import { Found } from './search-field'
import { sourceTitle, type Pane } from './sources'
import { colouredOf, plainOf } from './spans'
import { Tools, type Looks } from './tools'
import { everything, withoutFilters, type LogChoice } from './wanted'
import classes from './view.module.css'

interface LogViewProps {
  /** What to show initially. When its moment changes, the view goes there. */
  pane: Pane
  title?: ReactNode
  end?: ReactNode
  /** Called when the stream or “errors only” is changed here. */
  onPane?: (pane: Pane) => void
  /** Called to show this moment in other logs too. */
  onMoment: (at: number, pane: Pane) => void
  onWindow?: (pane: Pane) => void
}

/** A key event, from React or the document. */
interface Key {
  readonly target: EventTarget | null
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly shiftKey: boolean
  preventDefault(): void
}

export function LogView({ pane, title, end, onPane, onMoment, onWindow }: LogViewProps) {
  const client = useTRPCClient()
  const { operations } = useOperations()
  const [wanted, setWanted] = useState<LogChoice>(() => ({
    ...everything(pane.source),
    errorsOnly: pane.errorsOnly ?? false,
  }))
  const [reader] = useState(() => new LogReader(logClient(client), wanted))
  const mode = useReader(reader, it => it.mode)
  const drawn = useReader(reader, it => (it.problem ? undefined : it.mode === 'follow' ? 'live' : it.loaded && 'rows'))
  const [looks, setLooks] = useLocalStorage<Looks>({
    key: 'logs.looks',
    defaultValue: { wrap: true, folded: false },
    getInitialValueInEffect: false,
  })
  const [menu, setMenu] = useState<LineMenuAt>()
  const [saving, setSaving] = useState(false)
  const { copy: copyText, confirmation } = useCopy()
  const field = useRef<HTMLInputElement>(null)
  const view = useRef<HTMLElement>(null)
  const screen = useRef<HTMLDivElement>(null)
  const rows = useRef<RowsHandle>(null)
  const live = useRef<SelectedText>(null)
  /** The lines have the focus, or had it until they were replaced. */
  const focused = useRef(false)
  const precise = wanted.source.kind !== 'instance'
  const name = sourceTitle(wanted.source, operations)

  const { at } = pane
  const open = useEffectEvent((moment: number | undefined) => reader.open({ at: moment, follow: !wanted.errorsOnly }))
  useEffect(() => {
    open(at)
    return () => reader.close()
  }, [reader, at])

  useEffect(() => {
    const { activeElement } = document
    if (drawn === 'rows' && activeElement === screen.current) rows.current?.focus()
    else if (drawn === 'live' && focused.current && activeElement === document.body) screen.current?.focus()
  }, [drawn])

  const seen = () => (mode === 'history' ? rows.current?.top() : reader.newest.at(-1))
  const change = (changed: Partial<LogChoice>): void => {
    const next = { ...wanted, ...changed }
    setWanted(next)
    reader.change(next, seen())
    if (changed.source || changed.errorsOnly !== undefined)
      onPane?.({ source: next.source, errorsOnly: next.errorsOnly || undefined })
  }
  const find = (direction: 'next' | 'previous'): void => {
    void reader.search.find(direction, seen())
  }
  const copy = (colours: boolean): void => {
    const lines = rows.current?.selected() ?? []
    // Copies several lines whole: the browser's own text would mix in their times and marks.
    if (lines.length > (colours ? 0 : 1))
      copyText(lines.map(it => (colours ? colouredOf : plainOf)(it.text)).join('\n'))
    else copyText(mode === 'history' ? String(getSelection() ?? '') : (live.current?.selected(colours) ?? ''))
  }
  const onMenu = useMemo(
    () =>
      (line: LineMenuAt['line'], place: { x: number; y: number }): void =>
        setMenu({ line, ...place }),
    [],
  )

  const shortcuts = (event: Key): void => {
    const typing = event.target instanceof HTMLInputElement
    if ((event.key === '/' && !typing) || (event.key === 'f' && (event.ctrlKey || event.metaKey)))
      field.current?.select()
    else if (event.key === 'F3') find(event.shiftKey ? 'previous' : 'next')
    else if (event.key === 'Escape' && wanted.search !== '' && !typing) change({ search: '' })
    else return
    event.preventDefault()
  }
  const shortcut = useEffectEvent(shortcuts)
  useEffect(() => {
    // Keys go to the first log if nothing that handles keys has the focus.
    const listen = (event: globalThis.KeyboardEvent): void => {
      const elsewhere =
        event.target instanceof Element &&
        event.target.closest('[data-log-view], input, textarea, [role="dialog"], [role="menu"]')
      if (!elsewhere && document.querySelector('[data-log-view]') === view.current) shortcut(event)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])
  const keys = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (
      event.target instanceof HTMLElement &&
      event.target !== event.currentTarget &&
      event.target.dataset['testid'] !== 'history'
    )
      return
    const height = screen.current?.clientHeight ?? 0
    const by = { ArrowUp: -48, ArrowDown: 48, PageUp: 40 - height, PageDown: height - 40, ' ': height - 40 }[event.key]
    const top = mode === 'history' ? rows.current?.top() : undefined
    if (event.key === 'Home') reader.history.jump({ type: 'start' })
    else if (event.key === 'End') reader.follow()
    else if (by !== undefined && mode === 'history') rows.current?.scrollBy(by)
    else if (by !== undefined && by < 0) reader.stop(by)
    else if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && top) {
      const box = event.currentTarget.getBoundingClientRect()
      const { loaded, current } = reader.state()
      const line = loaded?.lines.find(it => current !== undefined && lineOf(it.position) === lineOf(current)) ?? top
      setMenu({ line, x: box.left + box.width / 2, y: box.top + 24 })
    } else return
    event.preventDefault()
  }

  return (
    <section
      ref={view}
      className={`card ${classes.view}`}
      aria-label={`Log of ${name}`}
      onKeyDown={shortcuts}
      data-log-view
    >
      <Tools
        title={title}
        end={end}
        wanted={wanted}
        reader={reader}
        field={field}
        looks={looks}
        onLooks={setLooks}
        onChange={change}
        onFind={find}
        onCopy={copy}
        onSave={() => setSaving(true)}
        onWindow={onWindow && (() => onWindow({ source: wanted.source, errorsOnly: wanted.errorsOnly || undefined }))}
      />
      {wanted.search !== '' && <Found wanted={wanted} reader={reader} onChange={change} onFind={find} />}
      <Strips wanted={wanted} reader={reader} onChange={change} />
      <div
        ref={screen}
        className={classes.screen}
        role="log"
        aria-live="off"
        aria-label={`Lines of ${name}`}
        tabIndex={mode === 'follow' ? 0 : -1}
        onKeyDown={keys}
        onFocus={() => {
          focused.current = true
        }}
        onBlur={() => {
          focused.current = false
        }}
        data-mode={mode}
      >
        {drawn === 'live' && (
          <LiveView
            reader={reader}
            wrap={looks.wrap}
            precise={precise}
            handle={live}
            onUp={pixels => reader.stop(-pixels)}
          />
        )}
        {drawn === 'rows' && (
          <Rows
            reader={reader}
            wrap={looks.wrap}
            folded={looks.folded}
            precise={precise}
            handle={rows}
            onMenu={onMenu}
          />
        )}
        {confirmation}
        <Over wanted={wanted} reader={reader} onClear={() => change(withoutFilters(wanted))} />
      </div>
      <LineMenu
        at={menu}
        onClose={() => setMenu(undefined)}
        onCopy={copyText}
        onMoment={moment => onMoment(moment, { source: wanted.source })}
      />
      <SaveDialog opened={saving} onClose={() => setSaving(false)} wanted={wanted} title={name} />
    </section>
  )
}
