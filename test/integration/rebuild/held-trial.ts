/** Code whose trial waits for the test, so that things can happen while it is tried. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until, type TestWorkspace } from '../../support/workspace'

export interface HeldTrial {
  /** Statement that comes first in the code. Once PM2 runs it, it doesn't wait. */
  readonly wait: string
  /** Starts a job, and returns its id once the code is being tried. */
  begin(kind: string, input: object): Promise<string>
  letGo(): Promise<void>
}

export async function holdTrial(workspace: TestWorkspace): Promise<HeldTrial> {
  const go = join(workspace.home, 'go')
  await rm(go, { force: true })
  return {
    wait: `if (!process.env.pm_id) while (!require('node:fs').existsSync(${JSON.stringify(go)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)`,
    async begin(kind, input) {
      const { operations } = workspace.services
      const id = await operations.start(kind, input)
      const steps = () => operations.list().find(it => it.id === id)?.steps
      await until(() => steps()?.some(it => it.text?.includes('on port')))
      return id
    },
    letGo: () => writeFile(go, ''),
  }
}
