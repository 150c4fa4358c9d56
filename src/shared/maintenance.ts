/** Maintenance of the instances' databases: its schedule, and what it found and did. */
import type { Problem } from './problem'

const weekDays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

/** The days on which it begins automatically. */
export const maintenanceDays = ['never', 'daily', ...weekDays] as const
export type MaintenanceDay = (typeof maintenanceDays)[number]

export interface MaintenanceTimes {
  readonly day: MaintenanceDay
  /** 0 to 23, in the engine's time zone. */
  readonly hour: number
}

/** As a cron pattern; undefined: never. */
export const patternOf = ({ day, hour }: MaintenanceTimes): string | undefined =>
  day === 'never' ? undefined : `0 ${hour} * * ${day === 'daily' ? '*' : weekDays.indexOf(day)}`

/** When it next begins automatically. */
export interface MaintenanceState {
  /** ISO 8601; absent: never, or there is nothing to maintain yet. In the past: it is about to begin. */
  readonly next?: string | undefined
  /** Why it can't begin although it is due. It is retried every minute. */
  readonly problem?: Problem | undefined
}

/** What was measured in one database. Bytes and numbers of rows; `seconds` may have a fraction. */
export interface MaintenanceFigures {
  readonly tables: number
  readonly deadBefore: number
  readonly deadAfter: number
  /** Indexes that were rebuilt. */
  readonly indexes: number
  /** Of the whole database. */
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly seconds: number
}

/** The figures of a step's result; undefined if one is missing. */
export function maintenanceFigures(
  found: Readonly<Record<string, number>> | undefined,
): MaintenanceFigures | undefined {
  const its = found as Partial<MaintenanceFigures> | undefined
  const { tables, deadBefore, deadAfter, indexes, bytesBefore, bytesAfter, seconds } = its ?? {}
  if (tables === undefined || deadBefore === undefined || deadAfter === undefined || indexes === undefined) return
  if (bytesBefore === undefined || bytesAfter === undefined || seconds === undefined) return
  return { tables, deadBefore, deadAfter, indexes, bytesBefore, bytesAfter, seconds }
}

/** By how many bytes the database shrank; negative if its users wrote more meanwhile. */
export const savedBytes = ({ bytesBefore, bytesAfter }: MaintenanceFigures): number => bytesBefore - bytesAfter

/** An index that takes more than twice the space that its entries need. */
export interface BloatedIndex {
  readonly name: string
  readonly bytes: number
  /** An estimate of the bytes that it needs. */
  readonly needed: number
}

/** What maintenance would do to one database now. */
export interface MaintenanceReview {
  readonly name: string
  /** Tables with changes since they were last vacuumed and analyzed. */
  readonly tables?: number
  readonly dead?: number
  readonly bloated?: readonly BloatedIndex[]
  /** Why it can't be maintained; the other fields are absent then. */
  readonly problem?: Problem
}
