/** The end of a creation: open the instance, and save the director's password, which is shown only once. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { IconAlertTriangleFilled, IconCircleCheckFilled, IconEye, IconExternalLink } from '@tabler/icons-react'
import { createJob, unlockedText } from '../../../shared/jobs/create'
import { planOf, wordsOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'
import { CopyButton } from '../app/copy-button'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { Status } from '../app/status'
import { useTRPC } from '../app/trpc'
import { useOpenInstance } from '../instances/open'
import classes from './operation.module.css'

export function CreateReady({ operation }: { operation: OperationState }) {
  const open = useOpenInstance()
  const plan = planOf(createJob, operation)
  if (!plan) return <p role="status">{wordsOf(operation).done}.</p>
  const { url, director, pooled, heldBy, unlocked = [] } = plan
  return (
    <section className={`card ${classes.ready}`} aria-label="Ready">
      <div className={classes.readyHead} role="status">
        {heldBy ? (
          <IconAlertTriangleFilled size={40} color="var(--warn)" aria-hidden />
        ) : (
          <IconCircleCheckFilled size={40} color="var(--good)" aria-hidden />
        )}
        <div>
          <p className={`${classes.url} mono`}>{url}</p>
          <p className="dimmed">
            {heldBy
              ? `Its port is taken: ${heldBy}. Start it from the list once the port is free.`
              : 'Online and answering requests.'}
          </p>
        </div>
        {!pooled && <Status tone="warn">Not pooled</Status>}
        {!heldBy && (
          <Button size="md" onClick={() => open(url)} rightSection={<IconExternalLink size={18} aria-hidden />}>
            Open
          </Button>
        )}
      </div>
      <dl className={classes.secret}>
        <dt>Director</dt>
        <dd>
          {director.email}
          <CopyButton value={director.email} label="email" />
        </dd>
        <dt>Password</dt>
        <dd>
          <PasswordOnce id={operation.id} />
        </dd>
        {unlocked.length > 0 && (
          <>
            <dt>Packages</dt>
            <dd>
              <span>{unlockedText(unlocked)}</span>
            </dd>
          </>
        )}
      </dl>
    </section>
  )
}

function PasswordOnce({ id }: { id: string }) {
  const trpc = useTRPC()
  const take = useMutation(trpc.operations.takePassword.mutationOptions())
  if (take.error) return <ProblemView problem={problemOf(take.error)} onRetry={() => take.mutate({ id })} />
  if (take.data === null)
    return <span className="dimmed">Already shown. We don’t store it; reset it if it’s lost.</span>
  if (take.data) {
    return (
      <>
        <span className={`${classes.password} mono`} data-testid="password">
          {take.data.password}
        </span>
        <CopyButton value={take.data.password} label="password" />
        <span className="dimmed">Save it now: it won’t be shown again.</span>
      </>
    )
  }
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconEye size={16} aria-hidden />}
        loading={take.isPending}
        onClick={() => take.mutate({ id })}
      >
        Show the password
      </Button>
      <span className="dimmed">It can be shown only once.</span>
    </>
  )
}
