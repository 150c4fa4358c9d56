import { Anchor, Title } from '@mantine/core'
import { Link } from 'wouter'
import { addressOf } from '../../../shared/address'
import {
  driverTitle,
  serviceTitle,
  type InfrastructureStatus,
  type ServiceStatus,
} from '../../../shared/infrastructure'
import { ProblemView } from '../app/problem'
import { serviceTone, serviceWords, Status } from '../app/status'
import classes from './infrastructure.module.css'

const purpose = {
  postgres: 'Holds the databases of all instances.',
  pgbouncer: 'Lets many instances share a few connections.',
} as const

/** The facts about one service. */
export function ServiceCard({
  service,
  infrastructure: { driver, adopted },
}: {
  service: ServiceStatus
  infrastructure: InfrastructureStatus
}) {
  const { name, state, version, problem } = service
  return (
    <section className={`card ${classes.service}`} aria-label={serviceTitle[name]}>
      <div className={classes.serviceHead}>
        <Title order={2}>{serviceTitle[name]}</Title>
        <Status tone={serviceTone[state]}>{serviceWords(service)}</Status>
      </div>
      <p className="dimmed">{purpose[name]}</p>
      <dl>
        <div>
          <dt>Address</dt>
          <dd className="mono">{addressOf(service)}</dd>
        </div>
        {state !== 'unavailable' && (
          <div>
            <dt>Version</dt>
            <dd>{version ?? <span className="dimmed">known once it is running</span>}</dd>
          </div>
        )}
        <div>
          <dt>Run by</dt>
          <dd>
            {driverTitle[driver]}
            {state === 'not-adopted' ? ', created elsewhere' : adopted && ', adopted'}
          </dd>
        </div>
        <div>
          <dt>Log</dt>
          <dd>
            <Anchor component={Link} href={`/logs/service.${name}`} inherit aria-label={`Log of ${serviceTitle[name]}`}>
              Show the log
            </Anchor>
          </dd>
        </div>
      </dl>
      {problem && (
        <ProblemView
          problem={problem}
          tone={state === 'unavailable' || state === 'not-adopted' ? 'warn' : 'bad'}
          quiet
        />
      )}
    </section>
  )
}
