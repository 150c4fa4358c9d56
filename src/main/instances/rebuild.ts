/**
 * Brings the base application's code into an instance: prepared and tried beside the code that runs, exchanged by
 * renaming folders, taken back by itself if it isn't healthy.
 */
import { randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import type { z } from 'zod'
import { rebuildJob, type RebuildPlan } from '../../shared/jobs/rebuild'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { exists, makeFolder, syncFolder } from '../system/files'
import { requireWorkspace } from '../workspace/base'
import { fingerprint } from '../workspace/fingerprint'
import { changeInstanceConfig } from '../workspace/instance-config'
import { targetContradiction } from './lifecycle/derived'
import { claimDatabase, startAgain, startTarget, stopTarget, verifyHealth } from './lifecycle/process-steps'
import { findOwn, isRunning } from './lifecycle/target'
import { switchBack, switchIn } from './rebuild/exchange'
import { pathsBelow } from '../releases/tree'
import { baseOf, pathsOf, releasedPaths, type RebuildServices, type RebuildStep } from './rebuild/services'
import { trial } from './rebuild/trial'

export const rebuilding = (services: RebuildServices): AnyOperation =>
  implement(rebuildJob, {
    plan: input => planRebuild(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'prepare-release': prepareRelease(services),
      'fill-slot': fillSlot(services),
      trial: trial(services),
      switch: switchCode(services),
      'start-process': startProcess(services),
      'verify-health': verifyHealth(services),
      'keep-previous': keepPrevious(services),
    },
  })

/** @throws Problem `instance-unknown`, `instance-foreign`, `disk-space` */
async function planRebuild(
  services: RebuildServices,
  { name }: z.output<typeof rebuildJob.input>,
): Promise<RebuildPlan> {
  const { root } = services.paths
  await requireWorkspace(root)
  const { target, config, manifest } = await findOwn(services, name)
  const plan: RebuildPlan = {
    token: randomUUID(),
    target,
    ran: await isRunning(services, target),
    manifest,
    fingerprint: await fingerprint(root, manifest, services.node.major),
    from: config.release,
  }
  await services.space.require('a rebuild', await services.releases.need({ root, ...plan }), true)
  return plan
}

const prepareRelease = (services: RebuildServices): RebuildStep => ({
  do: ({ plan, signal, report, output }) =>
    services.releases.prepare(baseOf(services, plan), { signal, report, output }),
  verify: ({ plan }) => services.releases.has(plan.fingerprint),
})

const fillSlot = (services: RebuildServices): RebuildStep => ({
  async do({ plan, signal, report, output }) {
    const { next } = pathsOf(services, plan).slots
    await rm(next.folder, { recursive: true, force: true })
    await makeFolder(next.folder)
    await services.releases.place(baseOf(services, plan), next.folder, { signal, report, output })
  },
  verify: () => Promise.resolve(false), // half of a copy looks like a whole one
  undo: ({ plan }) => rm(pathsOf(services, plan).slots.next.folder, { recursive: true, force: true }),
})

const switchCode = (services: RebuildServices): RebuildStep => {
  const released = async (plan: RebuildPlan): Promise<ReadonlySet<string>> => {
    const { server, slots } = pathsOf(services, plan)
    const old = (await exists(slots.replaced.server)) ? slots.replaced.server : server
    return releasedPaths(services, plan, await pathsBelow(services.run, old))
  }
  return {
    async do({ plan }) {
      const paths = pathsOf(services, plan)
      const known = await released(plan) // before it stops: it takes a moment
      if (plan.ran) await stopTarget(services, plan.target)
      await switchIn(services.run, paths, known)
      await changeInstanceConfig(paths.config, it => ({ ...it, release: plan.fingerprint }))
      await rm(paths.slots.next.folder, { recursive: true, force: true })
    },
    verify: async ({ plan }) => {
      const { slots } = pathsOf(services, plan)
      return (await exists(slots.replaced.folder)) && !(await exists(slots.next.folder))
    },
    async undo(context) {
      const { plan } = context
      const paths = pathsOf(services, plan)
      if (plan.ran) await stopTarget(services, plan.target)
      await switchBack(services.run, paths, await released(plan))
      await changeInstanceConfig(paths.config, it => ({ ...it, release: plan.from }))
      if (plan.ran) await startAgain(services, plan.target, context)
    },
  }
}

const startProcess = (services: RebuildServices): RebuildStep => ({
  async do({ plan: { target }, signal, report }) {
    await claimDatabase(services, target.name)
    await startTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // whether what runs is the new code can't be told
  undo: ({ plan: { target } }) => stopTarget(services, target),
})

/** The way back from the rebuild before this one goes; this one's takes its place. */
const keepPrevious = (services: RebuildServices): RebuildStep => ({
  async do({ plan }) {
    const { folder, slots } = pathsOf(services, plan)
    if (!(await exists(slots.replaced.folder))) return // a crash came after the rename
    await services.trash.put(slots.previous.folder, plan.token, false)
    await rename(slots.replaced.folder, slots.previous.folder)
    await syncFolder(folder)
  },
  verify: async ({ plan }) => !(await exists(pathsOf(services, plan).slots.replaced.folder)),
})
