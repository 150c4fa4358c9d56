/**
 * How to open an instance from a served page: the browser may be on another machine, where the instance's own address
 * would lead to that machine.
 */
import { Button, Skeleton } from '@mantine/core'
import { IconExternalLink } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { CopyButton } from '../app/copy-button'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import classes from './dialogs.module.css'

export function OpenForm({ name, onClose }: { name: string; onClose: () => void }) {
  const found = useQuery(useTRPC().instances.reach.queryOptions({ name }, { staleTime: 0, gcTime: 0 }))
  if (found.error) return <ProblemView problem={problemOf(found.error)} onRetry={() => void found.refetch()} />
  if (!found.data) return <Skeleton height={220} radius="md" />
  const { url, guessed, tunnel, through } = found.data
  return (
    <div className={classes.form}>
      {url !== undefined && (
        <section className={classes.way} aria-label="For users">
          <h3>For users</h3>
          <Address url={url} />
          {guessed && (
            <p className="dimmed">
              Not the right address?{' '}
              <Link href="/settings" onClick={onClose}>
                Set the public address
              </Link>
              .
            </p>
          )}
        </section>
      )}
      <section className={classes.way} aria-label="Through SSH">
        <h3>Through SSH</h3>
        {url === undefined && <p className="dimmed">It only accepts connections from the machine it runs on.</p>}
        <p>On your own computer, run:</p>
        <div className={classes.line}>
          <code className="mono">{tunnel}</code>
          <CopyButton value={tunnel} label="command" />
        </div>
        <p>Then open:</p>
        <Address url={through} />
      </section>
    </div>
  )
}

function Address({ url }: { url: string }) {
  return (
    <div className={classes.line}>
      <code className="mono">{url}</code>
      <CopyButton value={url} label="address" />
      <Button
        component="a"
        href={url}
        target="_blank"
        rel="noopener noreferrer"
        size="xs"
        variant="default"
        rightSection={<IconExternalLink size={14} aria-hidden />}
        aria-label={`Open ${url}`}
      >
        Open
      </Button>
    </div>
  )
}
