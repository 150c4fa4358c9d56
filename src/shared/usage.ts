/** What an instance’s process has used in the last hour, as measured and kept by the engine. */

/** One measurement. `at`: milliseconds since 1970; `cpu`: percent of one core; `memory`: bytes. */
export interface UsageSample {
  readonly at: number
  readonly cpu: number
  readonly memory: number
}

/** Milliseconds between measurements. */
export const measureEvery = 5000

/** Milliseconds that are remembered. */
export const usageRemembered = 3_600_000

/** Milliseconds between two measurements, above which the instance wasn’t running or wasn’t measured meanwhile. */
export const usageGap = 3 * measureEvery

/** At first all that is remembered, then what was measured since. `at`: when it was measured, by the engine’s clock. */
export interface UsageUpdate {
  readonly at: number
  readonly samples: readonly UsageSample[]
}

/** The newest measurements of an instance’s current run, oldest first. */
export interface RecentUsage {
  readonly name: string
  readonly cpu: readonly number[]
  readonly memory: readonly number[]
}
