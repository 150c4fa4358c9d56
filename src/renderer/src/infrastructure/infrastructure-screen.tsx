/** The shared PostgreSQL and PgBouncer: their state, what can be done with them, their logs, driver and security. */
import { Button, Skeleton } from '@mantine/core'
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from '@tabler/icons-react'
import { useSubscription } from '@trpc/tanstack-react-query'
import { capital, count, enumerate } from '../../../shared/amounts'
import { serviceNames, serviceTitle, type InfrastructureStatus } from '../../../shared/infrastructure'
import { useApp, useInfrastructure, useInstances } from '../app/live'
import { Page, Section, Tabs } from '../app/page'
import { ProblemView } from '../app/problem'
import { useTRPC } from '../app/trpc'
import { PageLog } from '../logs/page-log'
import { useWarmLogs } from '../logs/warm'
import { Connections } from './connections/connections'
import { DriverChoice } from './driver-choice'
import { logOf } from './log-of'
import { Maintenance } from './maintenance/maintenance'
import { Progress } from './progress'
import { Security } from './security'
import { ServiceCard } from './service-card'
import { useInfrastructureSwitch, type InfrastructureSwitch } from './switch'
import classes from './infrastructure.module.css'

const lead = 'One PostgreSQL and one PgBouncer serve all instances.'

/** @param tab from the address: the service whose log is shown, connections, maintenance, otherwise the overview */
export function InfrastructureScreen({ tab }: { tab: string | undefined }) {
  const log = serviceNames.find(it => it === tab)
  const part = tab === 'connections' || tab === 'maintenance' ? tab : undefined
  const acts = useInfrastructureSwitch({ stay: true })
  useWarmLogs()
  return (
    <Page
      title="Infrastructure"
      lead={lead}
      actions={<Actions acts={acts} />}
      wide={log !== undefined}
      fill={log !== undefined}
    >
      <Tabs
        label="Infrastructure"
        tabs={[
          { href: '/infrastructure', word: 'Overview', current: log === undefined && part === undefined },
          { href: '/infrastructure/connections', word: 'Connections', current: part === 'connections' },
          { href: '/infrastructure/maintenance', word: 'Maintenance', current: part === 'maintenance' },
          ...serviceNames.map(it => ({ href: logOf(it), word: `${serviceTitle[it]} log`, current: it === log })),
        ]}
      />
      {log ? (
        <PageLog key={log} source={{ kind: 'service', name: log }} />
      ) : part ? (
        <>
          <Progress />
          {part === 'connections' ? <Connections /> : <Maintenance />}
        </>
      ) : (
        <Overview acts={acts} />
      )}
    </Page>
  )
}

/** The actions on both. Only the start is a primary button: it is what operators come here for. */
const Actions = ({ acts: { canStart, canStop, busy, start, stop, restart } }: { acts: InfrastructureSwitch }) => (
  <>
    {canStop() && (
      <>
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={16} aria-hidden />}
          onClick={() => stop()}
          disabled={busy}
        >
          Stop both…
        </Button>
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          onClick={() => restart()}
          disabled={busy}
        >
          Restart both…
        </Button>
      </>
    )}
    {canStart() && (
      <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => start()} disabled={busy}>
        Start both
      </Button>
    )}
  </>
)

function Overview({ acts }: { acts: InfrastructureSwitch }) {
  const trpc = useTRPC()
  const { data } = useInfrastructure()
  const { data: details } = useSubscription(trpc.infrastructure.watchDetails.subscriptionOptions())
  if (!data) return <Skeleton height={420} radius="lg" />
  return (
    <>
      {/* during a job they may be about what it is changing */}
      {!acts.operation &&
        data.warnings.map(it => (
          <ProblemView
            key={`${it.code} ${it.message}`}
            problem={it}
            does={it.action === 'harden' ? { label: 'Harden…', run: acts.harden } : undefined}
            tone="warn"
            quiet
          />
        ))}
      <Progress />
      {!acts.operation && <Next infrastructure={data} />}
      <div className={classes.services}>
        {serviceNames.map(it => (
          <ServiceCard key={it} service={data[it]} details={details?.[it]} infrastructure={data} acts={acts} />
        ))}
      </div>
      <Section title="Driver">
        <DriverChoice infrastructure={data} />
      </Section>
      <Security infrastructure={data} />
      <Isolation />
    </>
  )
}

/** What a start will do, where that isn't plain from the button. */
function Next({ infrastructure: { postgres, pgbouncer, instances } }: { infrastructure: InfrastructureStatus }) {
  if (postgres.state === 'absent' && pgbouncer.state !== 'running')
    return (
      <p className={`card ${classes.note}`}>
        Not set up yet. Choose what runs them below, then start both. Whatever is missing is downloaded, and the
        databases are set up. That takes seconds, or a few minutes with a download.
      </p>
    )
  if (instances.length === 0) return null
  return (
    <p className={`card ${classes.note}`}>
      {enumerate(instances)} {instances.length === 1 ? 'was' : 'were'} stopped together with the infrastructure.{' '}
      <strong>Start both</strong> starts {instances.length === 1 ? 'it' : 'them'} again, too.
    </p>
  )
}

/** How instances are isolated from each other, apart from the database. */
function Isolation() {
  const { root } = useApp()
  const instances = useInstances().data?.instances ?? []
  const shared = instances.filter(it => !it.isolated).length
  if (root && instances.length === 0) return null
  return (
    <Section title="Isolation">
      <p className={`card ${classes.note}`}>
        {!root &&
          'Every instance runs as your own user. If one of them is compromised, it can read the files and secrets of the others. If Instance Manager runs as root, each can have its own system user.'}
        {root && shared === 0 && 'Every instance has its own system user and can read only its own files.'}
        {root &&
          shared > 0 &&
          `${capital(count(shared, 'instance'))} ${shared === 1 ? 'runs' : 'run'} as root. If one is compromised, it can read every file on this machine. Choose “Isolate…” in an instance’s menu to give it its own system user.`}
      </p>
    </Section>
  )
}
