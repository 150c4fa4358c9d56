/** Exchanges PM2's daemon for the installed version's, under which running instances are then restarted in turn. */
import { z } from 'zod'
import { count } from '../amounts'
import { nameSchema } from '../instance'
import type { OperationState } from '../operation'
import type { Problem } from '../problem'
import { owns, things, uses } from '../things'
import { defineJob } from './job'
import { bringUp, resultsOf } from './many'

const planSchema = z.strictObject({
  /** PM2's versions. */
  running: z.string(),
  installed: z.string(),
  /** The instances that run, in order. */
  names: z.array(nameSchema),
  /** When it was planned, ISO 8601. */
  since: z.iso.datetime(),
})
export type ProcessManagerPlan = Readonly<z.output<typeof planSchema>>

const anyRuns = ({ names }: ProcessManagerPlan): boolean => names.length > 0

export const processManagerJob = defineJob({
  kind: 'pm2-restart',
  version: 1,
  input: z.object({}),
  plan: planSchema,
  steps: {
    'bring-up': { ...bringUp, when: anyRuns },
    exchange: {
      title: 'Start the new process manager',
      explanation:
        'Beside the old one, which looks after each process until that is restarted. Nothing is interrupted.',
    },
    'hand-over': {
      title: 'Take over everything else in PM2',
      explanation: 'Other processes restart one after the other; those that are stopped stay stopped.',
    },
  },
  instances: ({ names }) => names,
  abreast: plan => ({ from: anyRuns(plan) ? 3 : 2, most: 1 }), // one at a time, each with its own result
  recovery: 'resume',
  about: () => things.processManager,
  claims: plan => [owns(things.processManager), ...(anyRuns(plan) ? [uses(things.infrastructure)] : [])],
  again: () => ({}),
  words: ({ state }) => {
    const all = resultsOf(state)
    const well = all.filter(it => it.result && !it.result.problem).length
    const some = `${well} of ${count(all.length, 'instance')} ${well === 1 ? 'runs' : 'run'} under it`
    const done = `The process manager was restarted${well === all.length ? '' : `; ${some}`}`
    const isExchanged = state.steps.some(it => it.name === 'exchange' && it.result) // it isn't undone
    return {
      asking: 'Restart the process manager',
      running: 'Restarting the process manager',
      done: isExchanged ? done : 'The process manager wasn’t restarted',
    }
  },
  cancel: {
    meaning: 'Instances still waiting keep running under the old process manager. Restart it again to finish.',
    confirm: 'Cancel the rest',
  },
  nothingToUndo: true,
})

/**
 * The instance whose restart failed, if any: then the new process manager may be the reason, and the rest are left where
 * they work. One that another job holds at the moment is skipped, and so is one that must be rebuilt first because its
 * packages were compiled for another Node.js.
 */
export const failedIn = (state: OperationState): string | undefined =>
  resultsOf(state).find(({ result }) => {
    const code = result?.problem?.code
    return code !== undefined && !['left-alone', 'operation-open', 'node-changed'].includes(code)
  })?.name

export const leftBecause = (name: string, because: string): Problem => ({
  code: 'left-alone',
  message: `“${name}” was left running under the old process manager, because the restart of “${because}” failed.`,
})
