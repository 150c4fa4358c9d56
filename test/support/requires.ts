/**
 * Skips tests that can't run on every machine. The run lists each with its reason, and `npm test -- --strict` counts it
 * as failed. In Playwright, use its own `test.skip(condition, reason)`.
 */
import { describe, type TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test did not run; read by scripts/test.mjs. */
    skipReason?: string
  }
}

/**
 * Skips the test unless `condition` holds. @param reason what is missing, and how to get it: "podman is not installed
 * (apt-get install podman)"
 */
export function requires(context: TestContext, condition: boolean, reason: string): void {
  if (condition) return
  context.task.meta.skipReason = reason
  context.skip(reason)
}

/** `describe` for a whole suite with its hooks; skipped, with the reason in its name, unless `condition` holds. */
export const describeWhere =
  (condition: boolean, reason: string) =>
  (name: string, tests: () => void): void => {
    if (condition) describe(name, tests)
    else describe.skip(`${name} (skipped: ${reason})`, tests)
  }
