/** PostgreSQL and PgBouncer in the top bar: their status, and actions. */
import { Button, Popover, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useLocation } from 'wouter'
import { addressOf } from '../../../shared/address'
import {
  driverTitle,
  serviceTitle,
  type InfrastructureStatus,
  type ServiceStatus,
} from '../../../shared/infrastructure'
import { useInfrastructureSwitch } from '../infrastructure/switch'
import { useInfrastructure } from './live'
import { ProblemView } from './problem'
import { serviceTone, serviceWords, Status, StatusIcon } from './status'
import classes from './top-bar.module.css'

export function ServiceHealth() {
  const { data } = useInfrastructure()
  if (!data) return null
  return (
    <div className={classes.healths} role="group" aria-label="Services">
      <Health service={data.postgres} infrastructure={data} />
      <Health service={data.pgbouncer} infrastructure={data} />
    </div>
  )
}

function Health({ service, infrastructure }: { service: ServiceStatus; infrastructure: InfrastructureStatus }) {
  const word = serviceWords(service)
  return (
    <Popover position="bottom-end" width={360} withArrow trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes.health} aria-label={`${serviceTitle[service.name]}: ${word}`}>
          <StatusIcon tone={serviceTone[service.state]} />
          <span>{serviceTitle[service.name]}</span>
          <span className={classes.state}>{word.toLowerCase()}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={serviceTitle[service.name]}>
        <HealthDetails service={service} infrastructure={infrastructure} />
      </Popover.Dropdown>
    </Popover>
  )
}

function HealthDetails({ service, infrastructure }: { service: ServiceStatus; infrastructure: InfrastructureStatus }) {
  const [, navigate] = useLocation()
  const { canStart, canStop, busy, start, stop } = useInfrastructureSwitch()
  return (
    <div className={classes.popover}>
      <VisuallyHidden>
        <h2>{serviceTitle[service.name]}</h2>
      </VisuallyHidden>
      <dl className={classes.facts}>
        <dt>{serviceTitle[service.name]}</dt>
        <dd>
          <Status tone={serviceTone[service.state]}>{serviceWords(service)}</Status>
        </dd>
        <dt>Port</dt>
        <dd>{addressOf(service)}</dd>
        {service.version && (
          <>
            <dt>Version</dt>
            <dd>{service.version}</dd>
          </>
        )}
        <dt>Run by</dt>
        <dd>{driverTitle[infrastructure.driver]}</dd>
      </dl>
      {service.problem && (
        <ProblemView problem={service.problem} tone={service.state === 'unavailable' ? 'warn' : 'bad'} quiet />
      )}
      <div className={classes.buttons}>
        {canStart() && (
          <Button size="xs" onClick={() => start()} loading={busy}>
            Start both
          </Button>
        )}
        {canStop() && (
          <Button size="xs" variant="default" onClick={() => stop()} loading={busy}>
            Stop both…
          </Button>
        )}
        <Button size="xs" variant="subtle" onClick={() => navigate('/infrastructure')}>
          Details
        </Button>
      </div>
    </div>
  )
}
