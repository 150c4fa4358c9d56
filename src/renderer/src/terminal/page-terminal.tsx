/** A shell in an instance's folder. */
import { Button, Switch, useComputedColorScheme } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { ShellSession } from './session'
import { useShells } from './shells'
import classes from './terminal.module.css'

export function PageTerminal({ name }: { name: string }) {
  const shells = useShells()
  const client = useTRPCClient()
  const scheme = useComputedColorScheme('light')
  const [aloud, setAloud] = useLocalStorage({
    key: 'terminal-screen-reader',
    defaultValue: false,
    getInitialValueInEffect: false,
  })
  const create = (): ShellSession => {
    const made = new ShellSession(client, name, scheme, aloud)
    shells.set(name, made)
    return made
  }
  const [session, setSession] = useState(() => {
    const known = shells.get(name)
    return known && known.state.phase !== 'failed' ? known : create()
  })
  const state = useSyncExternalStore(session.subscribe, () => session.state)
  const host = useRef<HTMLDivElement>(null)
  const leave = useRef<HTMLButtonElement>(null)
  const note = useRef<HTMLParagraphElement>(null)

  useEffect(() => (host.current ? session.show(host.current, () => leave.current?.focus()) : undefined), [session])
  useEffect(() => session.wear(scheme), [session, scheme])
  useEffect(() => session.readAloud(aloud), [session, aloud])
  const ended = state.phase === 'ended'
  useEffect(() => {
    const { activeElement, body } = document
    // Not to the button: whoever is still typing would press it.
    if (ended && (activeElement === body || host.current?.contains(activeElement))) note.current?.focus()
  }, [ended])

  const openAnother = (): void => {
    session.close()
    setSession(create())
  }
  if (state.phase === 'failed')
    return (
      <ProblemView problem={state.problem} onRetry={openAnother}>
        <SystemTerminal name={name} />
      </ProblemView>
    )
  return (
    <section className={`card ${classes.panel}`} aria-label={`Terminal of ${name}`}>
      <div className={classes.head}>
        <p className={classes.where}>
          {state.phase === 'open' && (
            <>
              <span className="mono">{state.user}</span> in <span className="mono">{state.folder}</span>
            </>
          )}
          {state.phase === 'opening' && 'Opening…'}
        </p>
        <Switch
          size="xs"
          label="Screen reader mode"
          checked={aloud}
          onChange={event => setAloud(event.currentTarget.checked)}
        />
        {!ended && (
          <Button ref={leave} size="compact-xs" variant="subtle" onClick={() => session.end()}>
            End shell
          </Button>
        )}
      </div>
      <div className={classes.terminal}>
        <div ref={host} className={classes.host} />
      </div>
      <footer className={classes.foot}>
        {state.phase === 'ended' ? (
          <p ref={note} role="status" tabIndex={-1}>
            {state.lost
              ? 'The connection was lost, so the shell ended.'
              : `The shell ${state.code ? `exited with code ${state.code}` : 'has ended'}.`}{' '}
            <Button size="compact-xs" variant="subtle" onClick={openAnother}>
              Open a new shell
            </Button>
          </p>
        ) : (
          <p>Copy with Ctrl+Shift+C, paste with Ctrl+Shift+V. Shift+Esc leaves the terminal.</p>
        )}
      </footer>
    </section>
  )
}

/** The desktop's own, where there is a desktop. */
function SystemTerminal({ name }: { name: string }) {
  const { desktop } = useApp()
  const open = useMutation(useTRPC().app.openFolder.mutationOptions({ onError: notifyProblem }))
  if (!desktop) return null
  return (
    <Button size="xs" variant="default" onClick={() => open.mutate({ name, where: 'terminal' })}>
      Open the system terminal
    </Button>
  )
}
