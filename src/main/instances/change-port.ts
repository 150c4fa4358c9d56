/**
 * Changes an instance's port, its HOST, or both, in config.json and `.env`, and restarts it if it was running. If it
 * isn't healthy afterwards, it goes back to the old port.
 */
import { parse } from 'dotenv'
import type { z } from 'zod'
import { hosts } from '../../shared/instance'
import { changePortJob, type ChangePortPlan } from '../../shared/jobs/lifecycle'
import { changePortManyJob } from '../../shared/jobs/ports'
import type { Target } from '../../shared/jobs/target'
import { problem } from '../../shared/problem'
import { implement, unchangedSince, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { readIfExists } from '../system/files'
import { setEnv, writeEnv } from '../workspace/env-file'
import { instancePaths } from '../workspace/paths'
import { readManifest } from '../workspace/base'
import { changeInstanceConfig, readInstanceConfig } from '../workspace/instance-config'
import { batch } from './batch'
import { describeHolder, requireNotOurs } from './ports'
import { requireOnlySeamless } from './lifecycle/port'
import { difference, targetContradiction } from './lifecycle/derived'
import { startAgain, startTarget, stopTarget, waitForTarget } from './lifecycle/process-steps'
import { findInstance, findOwn, isRunning, type PortServices } from './lifecycle/target'
import type { ManyServices } from './many'

export const portChange = (services: PortServices): AnyOperation =>
  implement(changePortJob, {
    plan: input => planChange(services, input),
    adopt: unchangedSince(1),
    contradiction: async ({ target, before, port }, subject) =>
      difference({ ...target }, { name: before.name, port }) ??
      (await targetContradiction(services, subject, target, before)),
    steps: {
      'stop-process': stopOld(services),
      'write-port': writePort(services),
      'start-process': startNew(services),
    },
  })

/** Moves several instances. */
export const portChanges = ({ operations }: Pick<ManyServices, 'operations'>): AnyOperation =>
  batch(operations, changePortManyJob, {
    of: changePortJob.kind,
    items: ({ items }) => items,
    rest: () => ({}),
    already: 'port-same',
  })

/** @throws Problem `port-same`, `port-taken`, `seamless-port` */
async function planChange(
  services: PortServices,
  { name, port, allowSharedPort, host: wanted }: z.output<typeof changePortJob.input>,
): Promise<ChangePortPlan> {
  const { target: before, paths, config } = await findOwn(services, name)
  const had = parse((await readIfExists(paths.env)) ?? '')['HOST'] ?? hosts[0] // the guide's default
  const host = wanted !== undefined && wanted !== had ? { now: wanted, before: had } : undefined
  if (port === before.port && host)
    return { target: before, before, port, ran: await isRunning(services, before), host }
  if (port === before.port)
    throw problem({
      code: 'port-same',
      field: 'port',
      message: `“${name}” is already on port ${port}.`,
      hint: 'Choose another port.',
    })
  if (config.seamless) await requireOnlySeamless(services, { name, port })
  const found = await services.ports.check(port)
  await requireNotOurs(found, services.ports.suggest)
  const { holders } = found
  const ran = await isRunning(services, before)
  const blocking = ran ? holders.filter(it => it.type === 'process' || (it.type === 'instance' && it.running)) : []
  if (blocking.length || (holders.length && !allowSharedPort)) {
    throw problem({
      code: 'port-taken',
      field: 'port',
      message: `Port ${port} is taken.`,
      cause: `${(blocking.length ? blocking : holders).map(describeHolder).join(', ')}.`,
      hint: blocking.length
        ? 'Stop what is running there, or stop this instance before changing its port.'
        : 'Choose another port, or share this one: only one of them can run at a time.',
    })
  }
  return { target: { ...before, port }, before, port, ran, host }
}

const stopOld = (services: PortServices): StepActions<ChangePortPlan> => ({
  do: ({ plan: { before } }) => stopTarget(services, before),
  verify: () => Promise.resolve(false), // stopping it again costs nothing
  undo: context => startAgain(services, context.plan.before, context),
})

const writePort = (services: PortServices): StepActions<ChangePortPlan> => {
  /** @param mustExist if false, missing files are skipped */
  const write = async ({ name }: Target, port: number, host: string | undefined, mustExist: boolean): Promise<void> => {
    const its = instancePaths(services.paths, await readManifest(services.paths.root), name)
    const [config, env] = [await readInstanceConfig(its.config), await readIfExists(its.env)]
    if (mustExist && (!config || env === undefined)) {
      throw problem({
        code: 'config-missing',
        message: `${config ? its.env : its.config} is missing.`,
        hint: 'Restore it, then retry.',
      })
    }
    if (env !== undefined)
      await writeEnv(its.env, setEnv(env, { PORT: String(port), ...(host !== undefined && { HOST: host }) }))
    if (config) await changeInstanceConfig(its.config, it => ({ ...it, port }))
  }
  return {
    do: ({ plan: { target, port, host } }) => write(target, port, host?.now, true),
    verify: async ({ plan: { target, port, host } }) =>
      !host && (await findInstance(services, target.name)).config.port === port, // config.json is written last
    undo: ({ plan: { before, host } }) => write(before, before.port, host?.before, false),
  }
}

const startNew = (services: PortServices): StepActions<ChangePortPlan> => ({
  async do({ plan: { target }, signal, report }) {
    await startTarget(services, target, { signal, report })
    await waitForTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // checking again is cheap
  undo: ({ plan: { target } }) => stopTarget(services, target),
})
