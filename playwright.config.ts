import { defineConfig } from '@playwright/test'

/** Real windows on two cores: one at a time, never retried: a flaky test is a fault. */
export default defineConfig({
  testDir: 'test/e2e',
  testMatch: '**/*.test.ts',
  workers: 1,
  retries: 0,
  // Creating an instance with a cold release takes a minute or more; only a hang reaches these.
  timeout: 300_000,
  expect: { timeout: 15_000 },
  forbidOnly: !!process.env['CI'],
  outputDir: 'test-results',
  use: { trace: 'retain-on-failure', screenshot: 'only-on-failure' },
})
