/** Runs an instance's smoke tests, as a job and as a step of other jobs. */
import { smokeJob } from '../../shared/jobs/smoke'
import type { Target } from '../../shared/jobs/target'
import { problem, type Problem } from '../../shared/problem'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { readManifest } from '../workspace/base'
import { instancePaths } from '../workspace/paths'
import { targetContradiction } from './lifecycle/derived'
import { findOwn, isOnline, type LifecycleServices } from './lifecycle/target'
import { smokeTest, type SmokeServices } from './smoke/run'

export const smokeTesting = (services: LifecycleServices & SmokeServices): AnyOperation =>
  implement(smokeJob, {
    plan: async ({ name }) => {
      const { target } = await findOwn(services, name)
      if (await isOnline(services, target)) return { target }
      throw problem({
        code: 'not-online',
        message: `“${name}” isn’t running.`,
        hint: 'Start it, then run its smoke tests.',
      })
    },
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: { 'smoke-tests': smokeTests(services) },
  })

/** A failure makes the operation roll back. */
export const smokeTests = <Plan extends { readonly target: Target }>(services: SmokeServices): StepActions<Plan> => ({
  async do({ plan: { target }, ...context }) {
    const found = await testInstance(services, target, context)
    if (found) throw problem(found)
  },
  verify: () => Promise.resolve(false), // nothing shows that they were run
})

/** A failure is only reported. */
export const reportedSmokeTests = <Plan extends { readonly target: Target }>(
  services: SmokeServices,
): StepActions<Plan> => ({
  do: async ({ plan: { target }, ...context }) => ({ problem: await testInstance(services, target, context) }),
  verify: () => Promise.resolve(false), // nothing shows that they were run
})

/** Reads the manifest each time: it may be corrected while an operation waits. @returns as `smokeTest` */
export async function testInstance(
  services: SmokeServices,
  { name, port }: Pick<Target, 'name' | 'port'>,
  context: Pick<Context<unknown>, 'signal' | 'output' | 'note'>,
): Promise<Problem | undefined> {
  const manifest = await readManifest(services.paths.root)
  return smokeTest(services, { name, port, slot: instancePaths(services.paths, manifest, name) }, manifest, context)
}
