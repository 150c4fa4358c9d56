/** The parts of rows and cards. Plain elements, because hundreds of them must scroll smoothly. */
import {
  IconCircleArrowUp,
  IconDotsVertical,
  IconExternalLink,
  IconPlayerPlayFilled,
  IconPlayerStopFilled,
  IconPlugConnectedX,
} from '@tabler/icons-react'
import type { MouseEvent } from 'react'
import { Link } from 'wouter'
import { Status } from '../app/status'
import { pageOf } from './page-of'
import { startJob, stopJob } from '../../../shared/jobs/lifecycle'
import { bytes } from '../../../shared/amounts'
import type { InstanceView } from '../../../shared/instance'
import { isTrouble, runs, type Trouble } from '../../../shared/status'
import type { InstanceItemProps } from './item'
import classes from './parts.module.css'

type PartProps = Pick<InstanceItemProps, 'shown' | 'handlers'>

export function Select({
  shown: {
    instance: { name },
  },
  selected,
  handlers,
}: PartProps & { selected: boolean }) {
  const click = (event: MouseEvent<HTMLInputElement>): void => handlers.select(name, event.shiftKey)
  return (
    <input
      type="checkbox"
      className={classes.checkbox}
      data-control="select"
      aria-label={`Select ${name}`}
      checked={selected}
      readOnly
      onClick={click}
    />
  )
}

/** The name, which may be cut off, with what the operator noted, e.g. “school (favourite): trial, year 9”. */
export const titleOf = ({ name, tags, favourite }: InstanceView): string =>
  `${name}${favourite ? ' (favourite)' : ''}${tags ? `: ${tags.join(', ')}` : ''}`

/** @param handlers absent on the instance's own page: without the mark of a newer version */
export function StatusCell({ shown: { status, instance }, handlers }: Pick<PartProps, 'shown'> & Partial<PartProps>) {
  const { tone, word, group, operation } = status
  return (
    <span className={classes.status}>
      <Status tone={tone}>
        {operation ? (
          <Link href={`/operations/${operation}`} className={classes.progress} data-control="progress">
            {word}
          </Link>
        ) : isTrouble(group) && (handlers || group === 'unstable') ? (
          <TroubleWord group={group} word={word} instance={instance} />
        ) : (
          word
        )}
      </Status>
      {instance.status === 'errored' && (
        <Link
          href={`${pageOf(instance.name)}/errors`}
          className={classes.why}
          data-control="why"
          aria-label={`Why? The last errors of ${instance.name}`}
        >
          Why?
        </Link>
      )}
      {group === 'copy' && (
        <Link
          href={pageOf(instance.name)}
          className={classes.why}
          data-control="why"
          title={instance.foreign}
          aria-label={`Why is ${instance.name} a copy?`}
        >
          Why?
        </Link>
      )}
      {instance.outdated && handlers && <NewerButton shown={{ status, instance }} handlers={handlers} />}
    </span>
  )
}

/** Leads to the reason: the last errors, or the instance's page. There is no room for a “Why?” beside it. */
const TroubleWord = ({
  group,
  word,
  instance: { name, trouble },
}: {
  group: Trouble
  word: string
  instance: InstanceView
}) => (
  <Link
    href={group === 'unstable' ? `${pageOf(name)}/errors` : pageOf(name)}
    className={classes.progress}
    data-control="why"
    title={trouble?.cause}
    aria-label={`${word}. Why?${trouble ? ` ${trouble.message}` : ''}`}
  >
    {word}
  </Link>
)

/** What is new for an instance that is outdated. */
const newerWords = ({ release, newer }: InstanceView): string =>
  release === undefined
    ? 'The older command line tool placed its code, so it may be older than the base application'
    : `Newer version available${newer ? `: ${newer}` : ''}`

/** Shows that the base application has changed, and how, and offers a rebuild. */
function NewerButton({
  shown: {
    instance,
    instance: { name },
    status,
  },
  handlers,
}: PartProps) {
  return (
    <button
      type="button"
      className={classes.newer}
      data-control="newer"
      disabled={status.group === 'busy' || status.group === 'copy'}
      aria-label={`Newer version available: rebuild ${name}`}
      title={newerWords(instance)}
      onClick={() => handlers.rebuild(name)}
    >
      <IconCircleArrowUp size={16} aria-hidden />
    </button>
  )
}

/** The port; a button if the instance is running. */
export function Port({
  shown: {
    instance: { name, port, url },
    status,
  },
  handlers,
}: PartProps) {
  if (!runs(status.group)) return <span className={classes.port}>{port}</span>
  return (
    <button
      type="button"
      className={classes.port}
      data-control="open"
      aria-label={`Open ${name} in the browser`}
      title={url}
      onClick={() => handlers.open({ name, url })}
    >
      {port}
      <IconExternalLink size={14} aria-hidden />
    </button>
  )
}

export function DatabaseSize({
  shown: {
    instance: { databaseSize, pooled },
  },
}: Pick<PartProps, 'shown'>) {
  const direct = 'Not pooled: it connects to PostgreSQL directly, without PgBouncer'
  return (
    <span className={classes.database}>
      {!pooled && (
        <span className={classes.direct} role="img" aria-label={direct} title={direct}>
          <IconPlugConnectedX size={15} aria-hidden />
        </span>
      )}
      {databaseSize === undefined ? <None /> : bytes(databaseSize)}
    </span>
  )
}

/** No value. */
export const None = () => (
  <span className="dimmed" aria-label="none">
    –
  </span>
)

/** Start or stop, and the menu with the other actions. */
export function Buttons({ shown, menu, handlers }: PartProps & { menu: boolean }) {
  const {
    instance: { name },
    status: { group, job },
  } = shown
  const openMenu = ({ currentTarget }: MouseEvent<HTMLElement>): void => {
    const { right, bottom } = currentTarget.getBoundingClientRect()
    handlers.openMenu(name, { x: right, y: bottom })
  }
  return (
    <span className={classes.buttons}>
      {(runs(group) || group === 'unknown' || (job !== undefined && stopJob.interrupts?.includes(job))) && (
        <button
          type="button"
          className={classes.button}
          data-control="quick"
          aria-label={`Stop ${name}`}
          title="Stop"
          onClick={() => handlers.run(stopJob.kind, name)}
        >
          <IconPlayerStopFilled size={15} aria-hidden />
        </button>
      )}
      {(group === 'stopped' || group === 'errored' || group === 'not in PM2') && (
        <button
          type="button"
          className={classes.button}
          data-control="quick"
          aria-label={`Start ${name}`}
          title="Start"
          onClick={() => handlers.run(startJob.kind, name)}
        >
          <IconPlayerPlayFilled size={15} aria-hidden />
        </button>
      )}
      <button
        type="button"
        className={classes.button}
        data-control="menu"
        aria-label={`Actions for ${name}`}
        aria-haspopup="menu"
        aria-expanded={menu}
        title="More"
        onClick={openMenu}
      >
        <IconDotsVertical size={16} aria-hidden />
      </button>
    </span>
  )
}
