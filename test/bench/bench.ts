/** What a benchmark is, and how its results are reported. */
import { arch, cpus, platform, release, totalmem } from 'node:os'

export type Goal = `${'<=' | '>='} ${number}`

/** One measured quantity, with a value for each run. `unit`: `s`, `ms`, `ratio` … A goal is for the median. */
export interface Measured {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
  readonly goal?: Goal
}

export interface BenchContext {
  /** How often each side is measured, taking turns. */
  readonly runs: number
  /** Reports progress to the user. */
  say(text: string): void
}

export interface Bench {
  readonly name: string
  run(context: BenchContext): Promise<readonly Measured[]>
}

export interface Figure {
  readonly name: string
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
  readonly runs: number
  readonly goal?: Goal
  readonly met?: boolean
}

export function toFigure({ name, unit, values, goal }: Measured): Figure {
  if (values.length === 0) throw new Error(`${name} was not measured`)
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] as number
  const middle = (sorted.length - 1) / 2
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2
  const figure = {
    name,
    unit,
    median: round(median),
    min: round(at(0)),
    max: round(at(sorted.length - 1)),
    runs: sorted.length,
  }
  return goal === undefined ? figure : { ...figure, goal, met: meets(median, goal) }
}

/** Judged by the measured values, not the rounded ones. */
function meets(value: number, goal: Goal): boolean {
  const [relation, limit] = goal.split(' ')
  return relation === '<=' ? value <= Number(limit) : value >= Number(limit)
}

/** Such figures are good for three significant digits. */
const round = (value: number): number => Number(value.toPrecision(3))

export const machine = () => ({
  cpus: cpus().length,
  model: cpus()[0]?.model.trim() ?? 'unknown',
  memory: totalmem(),
  node: process.version,
  platform: platform(),
  arch: arch(),
  release: release(),
})
