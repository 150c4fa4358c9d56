/** The room of the instances: the list, and jobs and queries, which are loaded when one is needed. */
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import { once } from '../system/once'
import type { Base } from '../workspace/opened'
import type { Registry } from './registry'
import type { InstancesWork, Others } from './work'

/**
 * The list, and `InstancesWork`, which an engine that runs jobs loads when it opens; a command that only lists instances
 * doesn't.
 */
export interface Instances extends Omit<InstancesWork, 'jobs'> {
  readonly registry: Registry
  jobs(): Promise<readonly AnyOperation[]>
}

export function instancesRoom(base: Base, operations: Operations, others: Others): Instances {
  const work = once(async () => (await import('./work')).instancesWork(base, operations, others))
  return {
    registry: others.roster.registry,
    jobs: async () => (await work()).jobs,
    ports: {
      suggest: async () => (await work()).ports.suggest(),
      suggestFrom: async (first, count) => (await work()).ports.suggestFrom(first, count),
      check: async port => (await work()).ports.check(port),
    },
    checkName: async name => (await work()).checkName(name),
    checkRename: async input => (await work()).checkRename(input),
    checkCreations: async items => (await work()).checkCreations(items),
    takePassword: async operation => (await work()).takePassword(operation),
    bringUp: async () => (await work()).bringUp(),
    begin: async request => (await work()).begin(request),
    details: async name => (await work()).details(name),
    limits: async name => (await work()).limits(name),
    reach: async name => (await work()).reach(name),
    directors: async (name, signal) => (await work()).directors(name, signal),
    setBootTime: async input => (await work()).setBootTime(input),
    setLabels: async input => (await work()).setLabels(input),
    reveal: async (name, key) => (await work()).reveal(name, key),
    previewDelete: async (name, signal) => (await work()).previewDelete(name, signal),
    previewDeletions: async (names, signal) => (await work()).previewDeletions(names, signal),
    previewLeftovers: async (name, signal) => (await work()).previewLeftovers(name, signal),
    outdated: async () => (await work()).outdated(),
    unfitToRestart: async () => (await work()).unfitToRestart(),
    reviewRebuild: async (name, signal) => (await work()).reviewRebuild(name, signal),
    reviewFleet: async (names, signal) => (await work()).reviewFleet(names, signal),
    rehearse: async (input, signal) => (await work()).rehearse(input, signal),
    wayBack: async name => (await work()).wayBack(name),
    endLost: async name => (await work()).endLost(name),
  }
}
