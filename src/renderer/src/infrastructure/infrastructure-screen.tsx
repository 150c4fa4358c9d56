/** The shared PostgreSQL and PgBouncer: their status, driver and security. */
import { Anchor, Button, Skeleton } from '@mantine/core'
import { IconLock, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react'
import { Link } from 'wouter'
import { count } from '../../../shared/amounts'
import { useApp, useInfrastructure, useInstances } from '../app/live'
import { Page, Section } from '../app/page'
import { ProblemView } from '../app/problem'
import { headline } from '../../../shared/jobs/words'
import { DriverChoice } from './driver-choice'
import { ServiceCard } from './service-card'
import { useInfrastructureSwitch } from './switch'
import classes from './infrastructure.module.css'

export function InfrastructureScreen() {
  const { data } = useInfrastructure()
  const { canStart, canStop, busy, operation, start, stop } = useInfrastructureSwitch()
  const actions = (
    <>
      {operation && (
        <Anchor component={Link} href={`/operations/${operation.id}`} className={classes.underWay}>
          {headline(operation)}
        </Anchor>
      )}
      {canStop && (
        <Button variant="default" leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={stop} disabled={busy}>
          Stop…
        </Button>
      )}
      {canStart && (
        <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={start} disabled={busy}>
          Start
        </Button>
      )}
    </>
  )
  return (
    <Page title="Infrastructure" lead="One PostgreSQL and one PgBouncer serve all instances." actions={actions}>
      {!data && <Skeleton height={180} radius="lg" aria-label="Loading" />}
      {data && (
        <>
          {data.warnings.map(it => (
            <ProblemView key={it.code} problem={it} tone="warn" quiet />
          ))}
          <div className={classes.services}>
            <ServiceCard service={data.postgres} infrastructure={data} />
            <ServiceCard service={data.pgbouncer} infrastructure={data} />
          </div>
          <Section title="Driver">
            <DriverChoice infrastructure={data} />
          </Section>
          {!data.adopted && <Security />}
          <Isolation />
        </>
      )}
    </Page>
  )
}

const facts = [
  'Both listen on 127.0.0.1 only, so other machines can’t reach them.',
  'Every connection needs a password (SCRAM). No address is trusted.',
  'An instance’s role can connect only to its own database, directly or through PgBouncer.',
  'PostgreSQL’s superuser can’t log in over the network.',
]

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
          `${count(shared, 'instance')} of ${instances.length} ${shared === 1 ? 'runs' : 'run'} as root. If one of them is compromised, it can read every file on this machine. Choose “Isolate…” in an instance’s menu to give it its own system user.`}
      </p>
    </Section>
  )
}

function Security() {
  return (
    <Section title="Security">
      <ul className={`card ${classes.facts}`}>
        {facts.map(it => (
          <li key={it}>
            <IconLock size={16} stroke={1.8} aria-hidden />
            {it}
          </li>
        ))}
      </ul>
    </Section>
  )
}
