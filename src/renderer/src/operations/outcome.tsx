/** An operation's outcome: done, undone (and why), or waiting for a decision. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { IconAlertTriangleFilled, IconArrowBackUp, IconCircleCheckFilled } from '@tabler/icons-react'
import { Link, useLocation } from 'wouter'
import { jobOf, startRequestSchema } from '../../../shared/jobs'
import { adoptJob, createJob } from '../../../shared/jobs/create'
import { directorJob } from '../../../shared/jobs/director'
import { infrastructureStartJob } from '../../../shared/jobs/infrastructure'
import { waitsForInfrastructure, type OperationState } from '../../../shared/operation'
import { waitsForDecision, type Problem } from '../../../shared/problem'
import { notifyProblem } from '../app/notify'
import { ProblemView } from '../app/problem'
import { useTRPC, useTRPCClient } from '../app/trpc'
import { useInfrastructure, useOperations } from '../app/live'
import { useDraft } from '../create/draft'
import { LoadImage } from '../infrastructure/load-image'
import { isDirty, type Answers } from '../create/wizard'
import { pageOf } from '../instances/page-of'
import { nameNow } from '../instances/renames'
import { tellUnlessCancelled } from '../jobs/jobs'
import { startAsking } from '../jobs/start'
import { CreateReady, PasswordOnce } from './create-ready'
import { serviceTitle } from '../../../shared/infrastructure'
import { failuresOf, isPastReturn, planOf, wordsOf } from '../../../shared/jobs/words'
import classes from './operation.module.css'

export function Outcome({ operation }: { operation: OperationState }) {
  switch (operation.phase) {
    case 'running':
      return null
    case 'stuck':
      return <Stuck operation={operation} />
    case 'undoing':
    case 'rolled-back':
      return <Turned operation={operation} />
    case 'succeeded':
      return operation.kind === createJob.kind ? <CreateReady operation={operation} /> : <Done operation={operation} />
  }
}

function Done({ operation }: { operation: OperationState }) {
  const { wizard } = useDraft()
  const { operations } = useOperations()
  const name = nameNow(operation, operations)
  // most likely waiting for it
  const waiting = operation.kind === infrastructureStartJob.kind ? operations.filter(it => it.phase === 'stuck') : []
  return (
    <div className={`card ${classes.note}`} role="status">
      {failuresOf(operation) === 0 ? (
        <IconCircleCheckFilled size={22} color="var(--good)" aria-hidden />
      ) : (
        <IconAlertTriangleFilled size={22} color="var(--warn)" aria-hidden />
      )}
      <p>{wordsOf(operation).done}.</p>
      {(operation.kind === adoptJob.kind || planOf(directorJob, operation)?.password) && (
        <PasswordOnce id={operation.id} />
      )}
      {jobOf(operation.kind)?.keeps && (
        <Button size="xs" variant="default" component={Link} href={pageOf(name)}>
          Show {name}
        </Button>
      )}
      {waiting.map(it => (
        <Button key={it.id} size="xs" component={Link} href={`/operations/${it.id}`}>
          Back to: {wordsOf(it).asking}
        </Button>
      ))}
      {isDirty(wizard) && (
        <Button size="xs" component={Link} href="/create">
          Continue with the new instance
        </Button>
      )}
    </div>
  )
}

/** The operation can neither continue nor be undone without a decision. */
export function Stuck({ operation }: { operation: OperationState }) {
  const trpc = useTRPC()
  const retry = useMutation(trpc.operations.retry.mutationOptions({ onError: notifyProblem }))
  const rollBack = useMutation(trpc.operations.rollBack.mutationOptions({ onError: notifyProblem }))
  const found = operation.steps.find(it => it.status === 'stuck')?.problem ?? {
    code: 'stuck',
    message: 'This operation needs a decision from you.',
  }
  const problem = useWaiting(operation, found)
  const { id } = operation
  return (
    <ProblemView
      problem={problem}
      tone={waitsForDecision(problem) || waitsForInfrastructure(operation) ? 'warn' : 'bad'}
      onRetry={() => retry.mutate({ id })}
      retrying={retry.isPending}
    >
      <LoadImage problem={problem} />
      {!operation.turned && !isPastReturn(operation) && (
        <Button size="xs" variant="default" onClick={() => rollBack.mutate({ id })} loading={rollBack.isPending}>
          Roll back
        </Button>
      )}
    </ProblemView>
  )
}

/**
 * The Problem of an operation that is waiting for PostgreSQL or PgBouncer: offers to start them and says that it then
 * continues by itself.
 */
function useWaiting(operation: OperationState, found: Problem): Problem {
  const { data } = useInfrastructure()
  if (!data || !waitsForInfrastructure(operation)) return found
  const services = [data.postgres, ...(data.pooled ? [data.pgbouncer] : [])]
  const then = operation.turned ? 'the rollback will continue on its own' : 'this will continue on its own'
  const restarting = services.find(it => it.state === 'restarting' || it.state === 'starting')
  const hint = restarting
    ? `${serviceTitle[restarting.name]} is being restarted. Once it is running, ${then}.`
    : services.every(it => it.state === 'running')
      ? `PostgreSQL and PgBouncer are running, so ${then} within a minute.`
      : undefined
  return hint === undefined
    ? { ...found, hint: `Start the infrastructure, and ${then}.` }
    : { ...found, cause: undefined, hint, action: undefined }
}

function Turned({ operation }: { operation: OperationState }) {
  const { turned, phase } = operation
  const { again, install } = useAgain(operation)
  const undone = phase === 'rolled-back'
  const problem = turned?.problem
  const button = undone && again && problem?.action !== 'retry' && (
    <Button size="xs" variant={install ? 'default' : 'filled'} onClick={again.run}>
      {again.label}
    </Button>
  )
  if (problem) {
    return undone ? (
      <ProblemView problem={problem} does={problem.action === 'retry' ? again : install}>
        {button}
        <LoadImage problem={problem} />
      </ProblemView>
    ) : (
      <ProblemView problem={{ ...problem, action: undefined }} />
    )
  }
  const why = turned?.reason === 'cancelled' ? 'You cancelled it.' : 'You rolled it back.'
  if (jobOf(operation.kind)?.nothingToUndo) return <Note action={button}>{`${why} What was done stays done.`}</Note>
  if (operation.abreast)
    return <Note>{`${why} ${wordsOf(operation).done}; what was in progress continues as its own job.`}</Note>
  return <Note action={button}>{undone ? why : `${why} Everything done so far is being rolled back.`}</Note>
}

function Note({ children, action }: { children: string; action?: React.ReactNode }) {
  return (
    <div className={`card ${classes.note}`} role="status">
      <IconArrowBackUp size={20} aria-hidden />
      <p>{children}</p>
      {action}
    </div>
  )
}

interface Again {
  readonly label: string
  readonly run: () => void
}

/**
 * Runs the same again: opens the wizard with the previous answers, or starts the job itself. `install`: the same with
 * npm install, if the Problem offers it.
 */
function useAgain(operation: OperationState): { readonly again?: Again; readonly install?: Again } {
  const { dispatch, recall } = useDraft()
  const [, navigate] = useLocation()
  const client = useTRPCClient()
  if (operation.kind === createJob.kind) {
    const wizard = (change: Partial<Answers>) => (): void => {
      dispatch({ type: 'restored', answers: { ...recall(operation), ...change } })
      navigate('/create')
    }
    return {
      again: { label: 'Try again with the same answers', run: wizard({}) },
      ...(operation.turned?.problem?.action === 'use-npm-install' && {
        install: { label: 'Use npm install', run: wizard({ install: 'install' }) },
      }),
    }
  }
  const job = jobOf(operation.kind)
  const plan: unknown = job && planOf(job, operation)
  const input = plan === undefined ? undefined : job?.again?.(plan)
  if (!job || !input) return {}
  const run = (): void => {
    startAsking(client, startRequestSchema.parse({ kind: job.kind, ...input })).then(
      ({ id }) => navigate(`/operations/${id}`),
      tellUnlessCancelled(run),
    )
  }
  return { again: { label: 'Try again', run } }
}
