/**
 * Notices about the results of operations. Those of one kind share a notice while it is shown: “12 instances created”,
 * “Couldn’t start 3 instances”.
 */
import { Anchor, Group } from '@mantine/core'
import { notifications, notificationsStore } from '@mantine/notifications'
import { Link } from 'wouter'
import { capital, count, enumerate, uncapital } from '../../../shared/amounts'
import { jobOf } from '../../../shared/jobs'
import { stopJob } from '../../../shared/jobs/lifecycle'
import { renameJob } from '../../../shared/jobs/rename'
import { failuresOf, headline, planOf, subjectOf } from '../../../shared/jobs/words'
import { problemOf, waitsForInfrastructure, type OperationState } from '../../../shared/operation'
import { noticeLook, noticeStays, type NoticeTone } from '../app/notify'

/** What a notice offers to do about its result. */
export interface Offers {
  readonly startAgain: (names: readonly string[]) => void
  readonly rename: (name: string, to: string) => void
}

/** The operations that each shown notice is about, by the notice’s id. */
const shown = new Map<string, readonly OperationState[]>()

export function tell(operation: OperationState, offers: Offers): void {
  const id = noticeOf(operation)
  show(id, [...(shown.get(id) ?? []), operation], offers)
}

/** A new job on the same thing makes the notice of the last one untrue. */
export function withdraw(subject: string, offers: Offers): void {
  for (const [id, all] of shown) {
    const left = all.filter(it => it.subject !== subject && newNameOf(it) !== subject)
    if (left.length === 0) notifications.hide(id)
    else if (left.length < all.length) show(id, left, offers)
  }
}

/** As a subject. */
const newNameOf = (operation: OperationState): string | undefined =>
  planOf(renameJob, operation)?.target.name.toLowerCase()

/** The notices of a workspace say nothing about the next one. */
export function withdrawAll(): void {
  for (const id of shown.keys()) notifications.hide(id)
}

/** What came of several operations like this one, as a title; undefined if it has its notice for itself. */
const togetherOf = (operation: OperationState): ((instances: string) => string) | undefined => {
  const { bulk, past } = jobOf(operation.kind) ?? {}
  const done = bulk?.done ?? past
  if (toneOf(operation) === 'good') return done === undefined ? undefined : it => capital(`${it} ${done}`)
  const failed = operation.phase === 'rolled-back' && operation.turned?.reason === 'failed'
  return failed && bulk ? it => `Couldn’t ${uncapital(bulk.verb)} ${it}` : undefined
}

const noticeOf = (operation: OperationState): string =>
  togetherOf(operation) ? `${toneOf(operation)} ${operation.kind}` : `about ${operation.subject}`

export function toneOf(operation: OperationState): NoticeTone {
  const { phase, turned } = operation
  if (phase === 'succeeded') return failuresOf(operation) === 0 ? 'good' : 'bad'
  if (phase === 'stuck') return waitsForInfrastructure(operation) ? 'neutral' : 'bad'
  return turned?.reason === 'failed' ? 'bad' : 'neutral'
}

/** @param all in the order in which they ended */
export function titleOf(all: readonly [OperationState, ...OperationState[]]): string {
  const together = togetherOf(all[0])
  return all.length === 1 || !together ? headline(all[0]) : together(count(all.length, 'instance'))
}

function show(id: string, all: readonly OperationState[], offers: Offers): void {
  const [first, ...others] = all
  if (!first) return
  shown.set(id, all)
  const look = noticeLook[toneOf(first)]
  const notice = {
    ...look,
    id,
    title: titleOf([first, ...others]),
    message: <Message all={all} id={id} offers={offers} />,
    // another time, so that it starts again
    autoClose: look.autoClose && noticeStays + all.length,
    onClose: () => void shown.delete(id),
  }
  const { notifications: visible, queue } = notificationsStore.getState()
  if ([...visible, ...queue].some(it => it.id === id)) notifications.update(notice)
  else notifications.show(notice)
}

interface MessageProps {
  all: readonly OperationState[]
  id: string
  offers: Offers
}

function Message({ all, id, offers }: MessageProps) {
  const [first] = all
  const names = all.map(subjectOf)
  const problem = first && problemOf(first)
  const renamed = first?.phase === 'succeeded' ? planOf(renameJob, first) : undefined
  return (
    <>
      {all.length > 1 && <div>{enumerate(names)}</div>}
      {all.length === 1 && problem && <div>{problem.message}</div>}
      <Group gap="md">
        {first?.kind === stopJob.kind && first.phase === 'succeeded' && (
          <Anchor component="button" type="button" size="sm" onClick={() => offers.startAgain(names)}>
            Start again
          </Anchor>
        )}
        {renamed && (
          <Anchor
            component="button"
            type="button"
            size="sm"
            onClick={() => {
              notifications.hide(id)
              offers.rename(renamed.target.name, renamed.before.name)
            }}
          >
            Rename back
          </Anchor>
        )}
        <Anchor
          component={Link}
          href={all.length === 1 && first ? `/operations/${first.id}` : '/activity'}
          size="sm"
          onClick={() => notifications.hide(id)}
        >
          Show
        </Anchor>
      </Group>
    </>
  )
}
