/** The browsers signed in to the served pages: ends their sessions and signs in other browsers. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import type { SessionView } from '../../../shared/served'
import { CopyButton } from '../app/copy-button'
import { useApp } from '../app/live'
import { notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { when } from '../app/time'
import { useTRPC } from '../app/trpc'
import { browserName } from './browser-name'
import classes from './settings.module.css'

export function Sessions() {
  const trpc = useTRPC()
  const { data, error } = useSubscription(trpc.serve.watch.subscriptionOptions())
  const revoke = useMutation(trpc.serve.revoke.mutationOptions({ onError: notifyProblem }))
  if (error) return <ProblemView problem={problemOf(error)} />
  return (
    <ul className={`card ${classes.sessions}`} aria-label="Browsers">
      {data?.sessions.map(it => (
        <li key={it.id}>
          <span className={classes.browser}>
            {browserName(it.browser)}
            {it.id === data.own && <span className="dimmed"> · this one</span>}
          </span>
          <span className="dimmed">{seen(it)}</span>
          {it.id !== data.own && (
            <Button
              size="xs"
              variant="default"
              onClick={() => revoke.mutate({ id: it.id })}
              aria-label={`End the session of ${browserName(it.browser)}`}
            >
              End session
            </Button>
          )}
        </li>
      ))}
      <li>
        <NewLink />
      </li>
    </ul>
  )
}

const seen = ({ connections, lastSeen }: SessionView): string =>
  connections > 0 ? 'Open now' : `Last seen ${when(lastSeen)}`

/** Uses a served page's own address, because the server's may be unreachable behind a tunnel. */
function NewLink() {
  const { desktop } = useApp()
  const trpc = useTRPC()
  const link = useMutation(trpc.serve.link.mutationOptions({ onError: notifyProblem }))
  const address = link.data && (desktop ? link.data.link : new URL(new URL(link.data.link).hash, location.href).href)
  if (address === undefined)
    return (
      <Button size="xs" variant="default" loading={link.isPending} onClick={() => link.mutate()}>
        Create a sign-in link…
      </Button>
    )
  return (
    <>
      <code className={`mono ${classes.command}`}>{address}</code>
      <CopyButton value={address} label="link" />
      <span className="dimmed">Works once, within an hour.</span>
    </>
  )
}
