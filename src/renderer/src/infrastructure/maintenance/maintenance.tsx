/** Maintenance of the databases: when it runs, a run in progress, and what the last one did to each instance. */
import { Anchor, Button, Progress, Skeleton, Title } from '@mantine/core'
import { IconPlayerPlay, IconTool } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useSubscription } from '@trpc/tanstack-react-query'
import { Link } from 'wouter'
import { maintainJob, maintenanceJob } from '../../../../shared/jobs/maintenance'
import { compareNames } from '../../../../shared/compare-names'
import { headline, progressOf, stepTitle, subjectOf } from '../../../../shared/jobs/words'
import type { MaintenanceState } from '../../../../shared/maintenance'
import { isOpen, type OperationState } from '../../../../shared/operation'
import { settingsOf } from '../../../../shared/setting-list'
import { useInstances, useOperations } from '../../app/live'
import { EmptyState, Section } from '../../app/page'
import { ProblemView } from '../../app/problem'
import { problemOf } from '../../app/problem-of'
import { useTRPC } from '../../app/trpc'
import { Cancel } from '../../operations/cancel'
import { Stuck } from '../../operations/outcome'
import { latestOf } from './latest'
import { ResultsTable } from './results-table'
import { ScheduleForm } from './schedule-form'
import classes from './maintenance.module.css'

export function Maintenance() {
  const trpc = useTRPC()
  const { operations, ready } = useOperations()
  const { data: list } = useInstances()
  const { data: state, error } = useSubscription(trpc.maintenance.watch.subscriptionOptions())
  const { data: settings, error: unread } = useSubscription(trpc.settings.watch.subscriptionOptions())
  const begin = useMutation(trpc.operations.start.mutationOptions())
  const failed = error ?? unread
  if (failed) return <ProblemView problem={problemOf(failed)} />
  if (!list || !settings || !ready) return <Skeleton height={420} radius="lg" />
  const names = list.instances
    .filter(it => it.foreign === undefined)
    .map(it => it.name)
    .toSorted(compareNames)
  if (names.length === 0) return <NoDatabases />
  const running = operations.find(it => it.kind === maintenanceJob.kind && isOpen(it))
  const { maintenance: times } = settingsOf(settings)
  return (
    <>
      {begin.error && (
        <ProblemView problem={problemOf(begin.error)} onRetry={() => begin.mutate({ kind: maintenanceJob.kind })} />
      )}
      {running ? (
        <Running run={running} operations={operations} />
      ) : (
        <section className={`card ${classes.next}`} aria-label="Next run">
          <div>
            <Title order={2}>{nextWords(state, times.day === 'never')}</Title>
            <p className="dimmed">
              Vacuums and analyzes one database after another and rebuilds bloated indexes. Instances keep running, and
              any other job on one of them takes precedence.
            </p>
          </div>
          <Button
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            onClick={() => begin.mutate({ kind: maintenanceJob.kind })}
            loading={begin.isPending}
          >
            Run now
          </Button>
        </section>
      )}
      {!running && state?.problem && <ProblemView problem={state.problem} tone="warn" quiet />}
      <Section title="Schedule">
        <ScheduleForm times={times} />
      </Section>
      <Section title="Results">
        <ResultsTable latest={latestOf(operations, names)} />
      </Section>
    </>
  )
}

function nextWords(state: MaintenanceState | undefined, never: boolean): string {
  if (never) return 'Doesn’t run automatically'
  if (state?.next === undefined) return 'Next run: not known yet'
  const date = new Date(state.next)
  if (date.getTime() <= Date.now()) return state.problem ? 'Due, but it can’t start' : 'Starts within a few minutes'
  return `Next run: ${date.toLocaleString(undefined, { weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' })}`
}

function Running({ run, operations }: { run: OperationState; operations: readonly OperationState[] }) {
  const own = operations.find(it => it.kind === maintainJob.kind && isOpen(it))
  const step = own?.steps.find(it => it.status === 'doing')
  const done = run.steps.filter(it => it.status === 'done').length
  return (
    <section className={`card ${classes.running}`} aria-label="Run in progress">
      <div className={classes.runningHead}>
        <Title order={2}>{headline(run)}</Title>
        <Anchor component={Link} href={`/operations/${run.id}`}>
          Steps
        </Anchor>
        {run.phase === 'running' && <Cancel operation={run} size="xs" />}
      </div>
      {run.phase === 'stuck' ? (
        <Stuck operation={run} />
      ) : (
        <>
          <Progress value={(done / run.steps.length) * 100} size="sm" aria-label={progressOf(run)} />
          <p className="dimmed">
            {progressOf(run)}
            {own &&
              step &&
              `. ${subjectOf(own)}: ${stepTitle(own.kind, step.name)}${step.text === undefined ? '' : `, ${step.text}`}`}
          </p>
        </>
      )}
    </section>
  )
}

const NoDatabases = () => (
  <EmptyState
    icon={<IconTool size={30} stroke={1.6} />}
    title="No databases to maintain yet"
    action={
      <Button component={Link} href="/create" mt={8}>
        New instance
      </Button>
    }
  >
    <p>
      Once there are instances, their databases are vacuumed and analyzed, and bloated indexes are rebuilt, on a
      schedule or on demand. The results are listed here.
    </p>
  </EmptyState>
)
