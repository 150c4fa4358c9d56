/** The status of an instance. Derived from the world at each look, never stored. */

/** What may be wrong with an instance whose process is running; if several apply, the first is shown: it explains the others. */
export const troubles = ['no database', 'unstable', 'not answering'] as const
export type Trouble = (typeof troubles)[number]

/**
 * The guide's five, which are PM2's, and in place of *online* what is wrong: its database can't be reached, it keeps
 * crashing, or it doesn't answer requests.
 */
export type InstanceStatus = 'online' | Trouble | 'stopped' | 'errored' | 'not in PM2' | 'unknown'

/** Filters of the list of instances. `busy` has an open job; `copy` must be adopted first. */
export type StatusGroup = InstanceStatus | 'busy' | 'copy'

export const isTrouble = (status: StatusGroup): status is Trouble => (troubles as readonly string[]).includes(status)

/** Whether its process is running, even if it doesn't work. */
export const runs = (status: StatusGroup): boolean => status === 'online' || isTrouble(status)
