/** Jobs on an existing instance: start, stop, restart, change its port. */
import { z } from 'zod'
import { hosts, nameSchema, portSchema, runningOf, type KnownInstances } from '../instance'
import { hasBegun, type OperationState } from '../operation'
import { runs } from '../status'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll, type Candidate } from './job'
import { smokeJob } from './smoke'
import { namedSchema, startProcess, stopProcess, targetSchema, verifyHealth } from './target'

/** An instance with an open job is left alone, and so is a copy until it is adopted. */
export const isFree = ({ group }: Candidate): boolean => group !== 'busy' && group !== 'copy'

/** Those that are running on a port that another of these instances wants. */
export function inTheWay(names: readonly string[], known: KnownInstances): readonly string[] {
  const asked = new Set(names.map(things.instance))
  const starting = known.instances.filter(it => asked.has(things.instance(it.name)))
  return runningOf(known)
    .filter(it => starting.some(({ name, port }) => port === it.port && name !== it.name))
    .map(it => it.name)
}

const startPlanSchema = z.strictObject({
  target: targetSchema,
  /** Whether it was already supposed to run, so that a failed start doesn't change what should be running. */
  wanted: z.boolean(),
  /** Instances running on its port, which must be stopped first. */
  stopFirst: z.array(targetSchema),
})
export type StartPlan = Readonly<z.infer<typeof startPlanSchema>>

export const startJob = defineJob({
  kind: 'start',
  version: 2,
  input: z.object({
    name: nameSchema,
    /** Stop the running instance that has the port and start this one instead. */
    stopOther: z.boolean().default(false),
  }),
  plan: startPlanSchema,
  steps: {
    'stop-others': {
      title: 'Stop the other instance on its port',
      explanation: 'Only one of them can run at a time.',
      when: ({ stopFirst }) => stopFirst.length > 0,
    },
    'start-process': startProcess,
    'verify-health': verifyHealth,
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target, stopFirst }) => [
    ...[...[target, ...stopFirst].map(it => things.instance(it.name)), things.port(target.port)].map(owns),
    uses(things.infrastructure),
  ],
  name: ({ target }) => target.name,
  again: ({ target, stopFirst }) => ({ name: target.name, stopOther: stopFirst.length > 0 }),
  words: ({ name }) => ({
    asking: `Start “${name}”`,
    running: `Starting “${name}”`,
    done: `“${name}” is running`,
  }),
  status: 'Starting…',
  cancel: undoesAll,
  needsInfrastructure: true,
  brief: true,
  keeps: true,
  guards: ({ name, stopOther }, known) => (stopOther ? inTheWay([name], known) : []),
  offer: { label: 'Start', when: it => isFree(it) && !runs(it.group), quick: 'likeliest' },
  bulk: {
    verb: 'Start',
    doing: 'Starting',
    done: 'started',
    state: 'running',
    idle: status => (runs(status) ? 'it is already running' : undefined),
    command: 'Start instances.',
  },
})

const stopPlanSchema = z.strictObject({ target: targetSchema })
export type StopPlan = Readonly<z.infer<typeof stopPlanSchema>>

const rests = (status: string): boolean => status === 'stopped' || status === 'not in PM2'

/** Once the old process has been replaced, there is no way back. */
const isReplaced = ({ steps }: OperationState): boolean => steps.some(it => it.name === 'verify-health' && hasBegun(it))

export const restartJob = defineJob({
  kind: 'restart',
  version: 1,
  input: namedSchema,
  plan: stopPlanSchema,
  steps: {
    'restart-process': { title: 'Restart the application', explanation: 'A new process, which reads .env again.' },
    'verify-health': verifyHealth,
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [
    owns(things.instance(target.name)),
    owns(things.port(target.port)),
    uses(things.infrastructure),
  ],
  name: ({ target }) => target.name,
  again: ({ target }) => ({ name: target.name }),
  words: ({ name, state }) => ({
    asking: `Restart “${name}”`,
    running: `Restarting “${name}”`,
    done: `“${name}” restarted`,
    ...(isReplaced(state) && {
      failed: `“${name}” is down`,
      cancelled: `“${name}” was restarted, but its health wasn’t checked`,
    }),
  }),
  status: 'Restarting…',
  cancel: { meaning: 'A process that has already been replaced isn’t brought back.', confirm: 'Cancel the restart' },
  nothingToUndo: true,
  needsInfrastructure: true,
  keeps: true,
  offer: { label: 'Restart', when: ({ group }) => runs(group) || group === 'unknown', quick: 'likely' },
  bulk: {
    verb: 'Restart',
    doing: 'Restarting',
    done: 'restarted',
    state: 'running again',
    idle: status => (rests(status) ? 'it isn’t running; start it instead' : undefined),
    warning: 'Each is briefly unavailable, at most four at a time.',
    command: 'Restart instances, which makes them read .env again.',
  },
})

/** No point in waiting for these if the instance is to be stopped anyway. */
const interruptedByStop: readonly string[] = [startJob.kind, restartJob.kind, smokeJob.kind]

export const stopJob = defineJob({
  kind: 'stop',
  version: 1,
  input: namedSchema,
  plan: stopPlanSchema,
  steps: { 'stop-process': stopProcess },
  pivot: 'stop-process',
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [owns(things.instance(target.name))],
  name: ({ target }) => target.name,
  words: ({ name }) => ({
    asking: `Stop “${name}”`,
    running: `Stopping “${name}”`,
    done: `“${name}” stopped`,
  }),
  status: 'Stopping…',
  cancel: undoesAll,
  interrupts: interruptedByStop,
  guards: ({ name }) => [name],
  keeps: true,
  offer: {
    label: 'Stop',
    when: ({ group, job }) =>
      runs(group) ||
      group === 'unknown' ||
      group === 'errored' ||
      (job !== undefined && interruptedByStop.includes(job)),
    quick: 'likely',
  },
  bulk: {
    verb: 'Stop',
    doing: 'Stopping',
    done: 'stopped',
    state: 'stopped',
    idle: status => (rests(status) ? 'it isn’t running' : undefined),
    warning: 'Nobody can use them until they are started again. No data is lost.',
    command: 'Stop instances; they stay listed. A start or restart still in progress is cancelled first.',
    passesOver: 'stopped',
  },
})

const changePortPlanSchema = z.strictObject({
  /** The instance on its new port, and on its old one. */
  target: targetSchema,
  before: targetSchema,
  port: portSchema,
  ran: z.boolean(),
  /** Present only if it changes. */
  host: z.strictObject({ now: z.enum(hosts), before: z.string() }).optional(),
})
export type ChangePortPlan = Readonly<z.infer<typeof changePortPlanSchema>>

export const changePortJob = defineJob({
  kind: 'change-port',
  version: 2,
  input: z.object({
    name: nameSchema,
    port: portSchema,
    /** Use the port even if another instance or process has it. Only one of them can run at a time. */
    allowSharedPort: z.boolean().default(false),
    /** Absent: unchanged. If it changes, the port may stay the same. */
    host: z.enum(hosts).optional(),
  }),
  plan: changePortPlanSchema,
  steps: {
    'stop-process': { ...stopProcess, when: ({ ran }) => ran },
    'write-port': { title: 'Write the new port', explanation: 'To config.json and .env.' },
    'start-process': { ...startProcess, when: ({ ran }) => ran },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target, before, ran }) => [
    ...[things.instance(target.name), ...new Set([target.port, before.port].map(things.port))].map(owns),
    ...(ran ? [uses(things.infrastructure)] : []),
  ],
  name: ({ target }) => target.name,
  words: ({ name, plan }) => {
    const to = plan ? ` to ${plan.port}` : ''
    return {
      asking: `Change the port of “${name}”${to}`,
      running: `Changing the port of “${name}”${to}`,
      done: `“${name}” was moved${to || ' to its new port'}`,
    }
  },
  status: 'Changing port…',
  cancel: undoesAll,
  keeps: true,
  offer: { label: 'Change port…', before: 'Change the port of', when: isFree },
})

/** In the order of an instance's menu. */
export const lifecycleJobs = [startJob, restartJob, stopJob, changePortJob] as const
