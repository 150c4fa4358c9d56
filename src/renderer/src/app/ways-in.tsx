/** The ways into a workspace that another process has open: through that process, in this window or in a browser. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { Problem } from '../../../shared/problem'
import { CopyButton } from './copy-button'
import { useApp } from './live'
import { problemOf } from './problem-of'
import { useTRPC } from './trpc'
import classes from './problem.module.css'

/** @param problem why the workspace isn't open here @param path its folder */
export function WaysIn({ problem: { action }, path }: { problem: Problem; path: string }) {
  const { desktop } = useApp()
  if (action === 'retry') return <OpenHere path={path} label="Try again" />
  if (action === 'open-workspace') return <OpenHere path={path} label="Open it here" important />
  return (
    <>
      {desktop && <ShowHere path={path} />}
      <OpenHere path={path} label="Try again" />
      {action === 'sign-in-link' && <SignInLink path={path} />}
    </>
  )
}

function ShowHere({ path }: { path: string }) {
  const trpc = useTRPC()
  const join = useMutation(trpc.app.join.mutationOptions())
  return (
    <>
      <Button size="xs" loading={join.isPending} onClick={() => join.mutate({ path })}>
        Show it in this window
      </Button>
      {join.error && <span>{problemOf(join.error).message}</span>}
    </>
  )
}

function SignInLink({ path }: { path: string }) {
  const { desktop } = useApp()
  const trpc = useTRPC()
  const link = useMutation(trpc.app.linkTo.mutationOptions())
  if (link.data === undefined)
    return (
      <>
        <Button
          size="xs"
          variant={desktop ? 'default' : 'filled'}
          loading={link.isPending}
          onClick={() => link.mutate({ path })}
        >
          Create a sign-in link
        </Button>
        {link.error && <span>{problemOf(link.error).message}</span>}
      </>
    )
  return (
    <div className={classes.way}>
      <span className={classes.command}>
        <code>{link.data.link}</code>
        <CopyButton value={link.data.link} label="link" />
      </span>
      {!desktop && (
        <Button component="a" size="xs" href={link.data.link} target="_blank" rel="noreferrer">
          Open it
        </Button>
      )}
      <span className="dimmed">
        Works once, within an hour.{!desktop && ` Through SSH, forward port ${new URL(link.data.link).port} too.`}
      </span>
    </div>
  )
}

function OpenHere({ path, label, important }: { path: string; label: string; important?: boolean }) {
  const trpc = useTRPC()
  const open = useMutation(trpc.app.open.mutationOptions())
  return (
    <>
      <Button
        size="xs"
        variant={important ? 'filled' : 'default'}
        loading={open.isPending}
        onClick={() => open.mutate({ path })}
      >
        {label}
      </Button>
      {open.error && <span>{problemOf(open.error).message}</span>}
    </>
  )
}
