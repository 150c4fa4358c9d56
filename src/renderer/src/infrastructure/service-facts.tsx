/** What is known about a service. The rows are the same for each, so that two cards side by side are aligned. */
import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { addressOf } from '../../../shared/address'
import { bytes } from '../../../shared/amounts'
import {
  driverTitle,
  serviceTitle,
  type InfrastructureStatus,
  type ServiceDetails,
  type ServiceSetting,
  type ServiceStatus,
} from '../../../shared/infrastructure'
import { CopyButton } from '../app/copy-button'
import { Uptime } from '../app/uptime'
import classes from './infrastructure.module.css'

/** At a glance. @param details undefined: it isn't running, or they aren't known yet */
export function Vitals({ details }: { details: ServiceDetails | undefined }) {
  const { answersIn, startedAt, restarts, memory } = details ?? {}
  return (
    <dl className={classes.vitals}>
      <Vital word="Answers in">
        {answersIn !== undefined && `${answersIn < 10 ? answersIn : Math.round(answersIn)} ms`}
      </Vital>
      <Vital word="Uptime">{startedAt !== undefined && <Uptime since={startedAt} />}</Vital>
      <Vital word="Restarts">{restarts}</Vital>
      <Vital word="Memory">{memory !== undefined && bytes(memory)}</Vital>
    </dl>
  )
}

const Vital = ({ word, children }: { word: string; children: ReactNode }) => (
  <div>
    <dt>{word}</dt>
    <dd>{children === undefined || children === false ? <span className="dimmed">–</span> : children}</dd>
  </div>
)

interface FactsProps {
  service: ServiceStatus
  details: ServiceDetails | undefined
  infrastructure: InfrastructureStatus
  /** Absent: it can't be upgraded here. `newer`: the major version to upgrade to, if one is known. */
  upgrade: { readonly newer: number | undefined; readonly disabled: boolean; readonly run: () => void } | undefined
  /** Looks for newer images. Absent: it has none, or keeps the one it was created with. */
  pull: { readonly pulling: boolean; readonly disabled: boolean; readonly run: () => void } | undefined
}

export function Facts({ service, details, infrastructure: { driver, adopted }, upgrade, pull }: FactsProps) {
  const { name, state, version } = service
  const { program, newerImage, data, dataBytes } = details ?? {}
  const address = addressOf(service)
  return (
    <dl className={classes.pairs}>
      <Pair word="Address">
        <span className="mono">{address}</span>
        <CopyButton value={address} label="address" />
      </Pair>
      <Pair word="Version">
        {version ?? <span className="dimmed">known once it is running</span>}
        {upgrade?.newer !== undefined && <span className="dimmed">({upgrade.newer} is available)</span>}
        {upgrade && (
          <Button
            className={classes.upgrade}
            size="compact-xs"
            variant="default"
            onClick={upgrade.run}
            disabled={upgrade.disabled}
            aria-label={`Upgrade ${serviceTitle[name]}…`}
          >
            Upgrade…
          </Button>
        )}
      </Pair>
      <Pair word="Run by">
        {driverTitle[driver]}
        {state === 'not-adopted' ? ', created elsewhere' : adopted.includes(name) && ', adopted'}
      </Pair>
      <Pair word={driver === 'embedded' ? 'Program' : 'Image'}>
        {program === undefined ? <Unknown details={details} /> : <Long text={program} />}
        {newerImage ? (
          <span className={classes.newer}>newer after a restart</span>
        ) : (
          pull && (
            <Button
              className={classes.upgrade}
              size="compact-xs"
              variant="default"
              onClick={pull.run}
              loading={pull.pulling}
              disabled={pull.disabled}
              aria-label={`Look for newer images, also ${serviceTitle[name]}’s`}
            >
              Look for newer
            </Button>
          )
        )}
      </Pair>
      <Pair word="Data">
        {name === 'pgbouncer' ? (
          <span className="dimmed">keeps none</span>
        ) : data === undefined ? (
          <Unknown details={details} />
        ) : (
          <>
            <Long text={data} />
            {dataBytes !== undefined && <span className={classes.size}>{bytes(dataBytes)}</span>}
          </>
        )}
      </Pair>
    </dl>
  )
}

const Unknown = ({ details }: { details: ServiceDetails | undefined }) =>
  details === undefined ? <Skeleton height={14} width={160} /> : <span className="dimmed">–</span>

/** The end of a path says more than its beginning. */
const Long = ({ text }: { text: string }) => (
  <span className={`mono ${classes.long}`} title={text}>
    <bdi>{text}</bdi>
  </span>
)

const Pair = ({ word, children }: { word: string; children: ReactNode }) => (
  <div>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </div>
)

/** In the words of the operator; the name in the configuration file is its title. */
const meaning: Readonly<Record<string, string>> = {
  max_connections: 'Connections',
  shared_buffers: 'Shared buffers',
  work_mem: 'Memory per sort',
  default_pool_size: 'Pool size',
  max_client_conn: 'Clients',
  pool_mode: 'Pool mode',
}

export const Configuration = ({ settings }: { settings: readonly ServiceSetting[] }) =>
  settings.length > 0 && (
    <dl className={classes.settings}>
      {settings.map(({ name, value }) => (
        <div key={name} title={name}>
          <dt>{meaning[name] ?? name}</dt>
          <dd>{value.replace(/^(\d+)([kMGT]B)$/, '$1 $2')}</dd>
        </div>
      ))}
    </dl>
  )
