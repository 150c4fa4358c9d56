/** One service: its state, what it uses, how it is configured, and its buttons. */
import { Button, Title } from '@mantine/core'
import {
  IconAdjustmentsHorizontal,
  IconFileText,
  IconPlayerPlay,
  IconPlayerStop,
  IconRefresh,
} from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import {
  serviceTitle,
  type InfrastructureStatus,
  type ServiceDetails,
  type ServiceStatus,
} from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import { ProblemView } from '../app/problem'
import { serviceTone, serviceWords, Status } from '../app/status'
import { logOf } from './log-of'
import { LoadImage } from './load-image'
import { useNewer } from './newer'
import { Configuration, Facts, Vitals } from './service-facts'
import { SettingsDialog } from './settings-dialog'
import type { InfrastructureSwitch } from './switch'
import classes from './infrastructure.module.css'

const purpose = {
  postgres: 'Holds the databases of all instances.',
  pgbouncer: 'Lets many instances share a few connections.',
} as const

interface ServiceCardProps {
  service: ServiceStatus
  /** Absent until it is known. */
  details: ServiceDetails | undefined
  infrastructure: InfrastructureStatus
  acts: InfrastructureSwitch
}

export function ServiceCard({ service, details, infrastructure, acts }: ServiceCardProps) {
  const { name, state, problem } = service
  const running = state === 'running'
  const newer = useNewer(infrastructure)
  const upgrade = name === 'postgres' && running && infrastructure.driver !== 'embedded'
  const pulls = acts.canLoadImages && running && !infrastructure.adopted.includes(name)
  return (
    <section className={`card ${classes.service}`} aria-label={serviceTitle[name]}>
      <div className={classes.serviceHead}>
        <Title order={2}>{serviceTitle[name]}</Title>
        <Status tone={serviceTone[state]}>{serviceWords(service)}</Status>
      </div>
      <p className="dimmed">{purpose[name]}</p>
      {problem && (
        <ProblemView
          problem={problem}
          tone={state === 'unavailable' || state === 'not-adopted' ? 'warn' : 'bad'}
          quiet
          onRetry={state === 'failed' && isTriedAgain(problem) ? () => acts.start(name) : undefined}
          retrying={acts.busy}
        >
          <LoadImage problem={problem} />
          {state !== 'unavailable' && state !== 'absent' && (
            <Button size="xs" variant="default" component={Link} href={logOf(name)}>
              Open its log
            </Button>
          )}
        </ProblemView>
      )}
      {problem?.details && <LastLines text={problem.details} />}
      <Vitals details={running ? details : undefined} />
      <Facts
        service={service}
        details={details}
        infrastructure={infrastructure}
        upgrade={
          upgrade ? { newer: newer?.major, disabled: acts.busy, run: () => acts.upgrade(newer?.image) } : undefined
        }
        pull={pulls ? { pulling: acts.refreshingImages, disabled: acts.busy, run: acts.refreshImages } : undefined}
      />
      <Configuration settings={running ? (details?.settings ?? []) : []} />
      {state !== 'unavailable' && <Buttons service={service} acts={acts} />}
    </section>
  )
}

/** Whether its own action doesn't start the service. */
const isTriedAgain = ({ action }: Problem): boolean => action === 'retry' || action === 'use-embedded'

function Buttons({ service: { name }, acts }: { service: ServiceStatus; acts: InfrastructureSwitch }) {
  const title = serviceTitle[name]
  const [settings, setSettings] = useState(false)
  const common = { size: 'xs', variant: 'default', disabled: acts.busy } as const
  return (
    <div className={classes.buttons} role="group" aria-label={`${title}: actions`}>
      {acts.canStart(name) && (
        <Button
          {...common}
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          onClick={() => acts.start(name)}
          aria-label={`Start ${title}`}
        >
          Start
        </Button>
      )}
      {acts.canStop(name) && (
        <>
          <Button
            {...common}
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={() => acts.restart(name)}
            aria-label={`Restart ${title}…`}
          >
            Restart…
          </Button>
          <Button
            {...common}
            leftSection={<IconPlayerStop size={14} aria-hidden />}
            onClick={() => acts.stop(name)}
            aria-label={`Stop ${title}…`}
          >
            Stop…
          </Button>
        </>
      )}
      <Button
        {...common}
        leftSection={<IconAdjustmentsHorizontal size={14} aria-hidden />}
        onClick={() => setSettings(true)}
        aria-label={`Settings of ${title}…`}
      >
        Settings…
      </Button>
      <SettingsDialog service={name} opened={settings} onClose={() => setSettings(false)} />
      <Button
        size="xs"
        variant="subtle"
        leftSection={<IconFileText size={14} aria-hidden />}
        component={Link}
        href={logOf(name)}
        aria-label={`Log of ${title}`}
      >
        Log
      </Button>
    </div>
  )
}

/** Lines of the log that say why it isn't running. */
const shownLines = 6

const LastLines = ({ text }: { text: string }) => (
  <figure className={classes.lines}>
    <figcaption>Last lines of its log</figcaption>
    <pre tabIndex={0}>{text.trimEnd().split('\n').slice(-shownLines).join('\n')}</pre>
  </figure>
)
