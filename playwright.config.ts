import { defineConfig } from '@playwright/test'

const realDisplay = process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']

/**
 * Real windows on two cores: two at a time, each with a virtual display of its own (fixtures.ts), or one at a time on a
 * real one, where they would take the focus from each other. Never retried: a flaky test is a fault.
 */
export default defineConfig({
  testDir: 'test/e2e',
  testMatch: '**/*.test.ts',
  globalSetup: './test/support/shared.ts',
  workers: realDisplay ? 1 : 2,
  retries: 0,
  // Creating an instance with a cold release takes a minute or more; only a hang reaches these.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  forbidOnly: !!process.env['CI'],
  outputDir: 'test-results',
  use: { trace: 'retain-on-failure', screenshot: 'only-on-failure' },
})
