import { defineConfig } from 'vitest/config'

/** Real tools on two cores. */
const maxWorkers = 2

/** Milliseconds; only a hang reaches them. */
interface Limits {
  readonly testTimeout: number
  readonly hookTimeout: number
}

const project = (name: string, limits: Limits, globalSetup: string[] = []) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    pool: 'forks' as const,
    maxWorkers,
    globalSetup,
    // Vitest's own second is too short for a busy machine.
    expect: { poll: { timeout: limits.testTimeout / 2 } },
    ...limits,
  },
})

const withTools = (name: string, testTimeout: number) =>
  project(name, { testTimeout, hookTimeout: 300_000 }, ['test/support/shared.ts', 'test/support/children.ts'])

export default defineConfig({
  test: {
    projects: [
      project('unit', { testTimeout: 20_000, hookTimeout: 30_000 }, ['test/support/shared.ts']),
      withTools('integration', 180_000),
      withTools('crash', 300_000),
      project('package', { testTimeout: 600_000, hookTimeout: 900_000 }),
      project('vm', { testTimeout: 6 * 3_600_000, hookTimeout: 3_600_000 }),
    ],
  },
})
