/** The end of a creation: how the instance is now, where to go from here, and the director's password, shown only once. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { IconEye, IconExternalLink } from '@tabler/icons-react'
import { Link } from 'wouter'
import { createJob, unlockedText } from '../../../shared/jobs/create'
import { planOf, wordsOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'
import { runs } from '../../../shared/status'
import { useInstances, useOperations, useUnseen } from '../app/live'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { Status } from '../app/status'
import { useTRPC } from '../app/trpc'
import { Credentials, Password } from '../instances/credentials'
import { StatusCell } from '../instances/item-parts'
import { useOpenInstance } from '../instances/open'
import { pageOf } from '../instances/page-of'
import { nameNow } from '../instances/renames'
import { useShownInstances } from '../instances/use-shown'
import classes from './operation.module.css'

export function CreateReady({ operation }: { operation: OperationState }) {
  const open = useOpenInstance()
  const plan = planOf(createJob, operation)
  const name = nameNow(operation, useOperations().operations)
  const shown = useShownInstances().find(it => it.instance.name === name)
  const { data } = useInstances()
  if (!plan) return <p role="status">{wordsOf(operation).done}.</p>
  const { url, director, pooled, heldBy, unlocked = [] } = plan
  const resting = shown && !runs(shown.instance.status)
  return (
    <section className={`card ${classes.ready}`} aria-label="Ready">
      <div className={classes.readyHead}>
        <div>
          <p className={`${classes.url} mono`}>{shown?.instance.url ?? url}</p>
          <div className="dimmed" role="status">
            {shown ? <StatusCell shown={shown} /> : data && <p>This instance no longer exists.</p>}
            {resting && heldBy && <p>Its port was taken: {heldBy}. Start it once the port is free.</p>}
          </div>
        </div>
        {!pooled && <Status tone="warn">Not pooled</Status>}
        {shown && runs(shown.instance.status) && (
          <Button onClick={() => open(shown.instance)} rightSection={<IconExternalLink size={18} aria-hidden />}>
            Open
          </Button>
        )}
        {shown && (
          <Button variant="default" component={Link} href={pageOf(name)}>
            Go to {name.length > 24 ? 'it' : name}
          </Button>
        )}
        <Button variant="default" component={Link} href="/create">
          Create another
        </Button>
      </div>
      <div className={classes.handover}>
        <Credentials email={director.email} password={<PasswordOnce id={operation.id} />}>
          {unlocked.length > 0 && (
            <>
              <dt>Packages</dt>
              <dd>
                <span>{unlockedText(unlocked)}</span>
              </dd>
            </>
          )}
        </Credentials>
      </div>
    </section>
  )
}

export function PasswordOnce({ id }: { id: string }) {
  const trpc = useTRPC()
  const take = useMutation(trpc.operations.takePassword.mutationOptions())
  const unseen = useUnseen()
  if (take.error) return <ProblemView problem={problemOf(take.error)} onRetry={() => take.mutate({ id })} />
  if (take.isIdle && !unseen) return null // not known yet
  if (take.data === null || (take.isIdle && !unseen?.includes(id)))
    return (
      <span className="dimmed">
        No longer available: it was shown already, or a day has passed. Reset it if it’s lost.
      </span>
    )
  if (take.data) {
    return (
      <>
        <Password value={take.data.password} />
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
