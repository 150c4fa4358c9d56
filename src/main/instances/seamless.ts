/**
 * Switches an instance to PM2's cluster mode, so that its process can be exchanged without a gap, or back. Both restart
 * a running instance, and put everything back if it isn't healthy afterwards (docs/decisions/0030).
 */
import type { z } from 'zod'
import { seamlessJob, unseamlessJob, type SeamlessPlan } from '../../shared/jobs/seamless'
import { problem } from '../../shared/problem'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { readManifest } from '../workspace/base'
import { changeInstanceConfig } from '../workspace/instance-config'
import { instancePaths } from '../workspace/paths'
import { targetContradiction } from './lifecycle/derived'
import { misfitOf } from './lifecycle/mode'
import { startAgain, startTarget, stopTarget, waitForTarget } from './lifecycle/process-steps'
import { findOwn, isRunning, type LifecycleServices } from './lifecycle/target'
import { requireOnlySeamless } from './lifecycle/port'

type Named = z.output<typeof seamlessJob.input>
type SeamlessStep = StepActions<SeamlessPlan>

export const seamless = (services: LifecycleServices): AnyOperation =>
  implement(seamlessJob, {
    plan: input => planSeamless(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: steps(services, true),
  })

export const unseamless = (services: LifecycleServices): AnyOperation =>
  implement(unseamlessJob, {
    plan: input => planReturn(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: steps(services, false),
  })

/** @throws Problem `seamless-already`, `seamless-isolated`, `seamless-port`, `seamless-daemon` */
async function planSeamless(services: LifecycleServices, { name }: Named): Promise<SeamlessPlan> {
  const { target, config } = await findOwn(services, name)
  if (config.seamless)
    throw problem({ code: 'seamless-already', message: `Rebuilds of “${name}” are already seamless.` })
  if (config.systemUser)
    throw problem({
      code: 'seamless-isolated',
      message: `“${name}” has its own system user, so its rebuilds can’t be seamless.`,
      cause: 'PM2 would have to trust the application with a connection to its daemon.',
      hint: 'If you trust the application with this machine, end its isolation first.',
    })
  await requireOnlySeamless(services, target)
  const reason = await misfitOf(services, target)
  if (reason !== undefined)
    throw problem({
      code: 'seamless-daemon',
      message: `Rebuilds of “${name}” can’t be seamless with the running PM2 daemon.`,
      cause: reason,
      hint: 'Stop all instances, end the daemon with “pm2 kill”, then start the instances from Instance Manager.',
    })
  return { target, ran: await isRunning(services, target) }
}

/** @throws Problem `not-seamless` */
async function planReturn(services: LifecycleServices, { name }: Named): Promise<SeamlessPlan> {
  const { target, config } = await findOwn(services, name)
  if (!config.seamless) throw problem({ code: 'not-seamless', message: `Rebuilds of “${name}” aren’t seamless.` })
  return { target, ran: await isRunning(services, target) }
}

const steps = (services: LifecycleServices, to: boolean) => ({
  'stop-process': stopProcess(services),
  'write-mode': writeMode(services, to),
  'start-process': startProcess(services),
})

const stopProcess = (services: LifecycleServices): SeamlessStep => ({
  do: ({ plan: { target } }) => stopTarget(services, target),
  verify: () => Promise.resolve(false), // stopping it again costs nothing
  undo: context => startAgain(services, context.plan.target, context),
})

function writeMode(services: LifecycleServices, to: boolean): SeamlessStep {
  const write = async ({ target }: SeamlessPlan, on: boolean): Promise<void> => {
    const { config } = instancePaths(services.paths, await readManifest(services.paths.root), target.name)
    await changeInstanceConfig(config, it => ({ ...it, seamless: on || undefined }))
  }
  return {
    do: ({ plan }) => write(plan, to),
    verify: () => Promise.resolve(false), // writing it again costs nothing
    undo: ({ plan }) => write(plan, !to),
  }
}

const startProcess = (services: LifecycleServices): SeamlessStep => ({
  async do({ plan: { target }, signal, report }) {
    await startTarget(services, target, { signal, report })
    await waitForTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // checking again is cheap
  undo: ({ plan: { target } }) => stopTarget(services, target),
})
