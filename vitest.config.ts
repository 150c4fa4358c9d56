import { defineConfig } from 'vitest/config'

/** Real tools on two cores: few at once, long limits that only a hang reaches. Milliseconds. */
const project = (name: string, testTimeout: number, hookTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.{ts,tsx}`],
    testTimeout,
    hookTimeout,
    pool: 'forks' as const,
    maxWorkers: 2,
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000, 30_000),
      project('integration', 180_000, 300_000),
      project('crash', 300_000, 300_000),
    ],
  },
})
