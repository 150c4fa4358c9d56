/** The jobs that vacuum and analyze databases and rebuild bloated indexes: of one instance, and of several in turn. */
import { z } from 'zod'
import { capital, count } from '../amounts'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { defineJob } from './job'
import { resultsOf } from './many'
import { namedSchema, targetSchema } from './target'

const maintainPlanSchema = z.strictObject({ target: targetSchema, database: z.string(), role: z.string() })
export type MaintainPlan = Readonly<z.infer<typeof maintainPlanSchema>>

const cancelled = 'The table or index in progress stays as it was. What is already done stays done.'

export const maintainJob = defineJob({
  kind: 'maintain-database',
  version: 1,
  input: namedSchema,
  plan: maintainPlanSchema,
  steps: {
    vacuum: {
      title: 'Vacuum and analyze',
      explanation: 'Frees the space of dead rows and updates the planner’s statistics. The instance keeps running.',
    },
    reindex: {
      title: 'Rebuild bloated indexes',
      explanation: 'Alongside the old ones, so reads and writes continue.',
    },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [owns(things.instance(target.name)), uses(things.infrastructure)],
  name: ({ target }) => target.name,
  again: ({ target }) => ({ name: target.name }),
  words: ({ name }) => ({
    asking: `Maintain the database of “${name}”`,
    running: `Maintaining the database of “${name}”`,
    done: `The database of “${name}” was maintained`,
  }),
  cancel: { meaning: cancelled, confirm: 'Stop' },
  background: true,
  nothingToUndo: true,
  needsInfrastructure: true,
  brief: true,
  keeps: true,
})

const maintenancePlanSchema = z.strictObject({
  names: z.array(nameSchema).min(1),
  /** Whether these were all the instances. */
  all: z.boolean(),
  /** When it was planned, ISO 8601. */
  since: z.iso.datetime(),
})
export type MaintenancePlan = Readonly<z.infer<typeof maintenancePlanSchema>>

export const maintenanceJob = defineJob({
  kind: 'maintain-databases',
  version: 1,
  /** Without names: all instances. */
  input: z.strictObject({ names: z.array(nameSchema).min(1).max(1000).optional() }),
  plan: maintenancePlanSchema,
  steps: {},
  instances: ({ names }) => names,
  abreast: () => ({ from: 0, most: 1 }), // one database at a time, each with its own result
  recovery: 'resume',
  about: () => things.maintenance,
  claims: () => [owns(things.maintenance), uses(things.infrastructure)],
  again: ({ names, all }) => (all ? {} : { names }),
  words: ({ plan, state }) => {
    const all = resultsOf(state)
    const well = all.filter(it => it.result && !it.result.problem).length
    const what = plan?.all ? 'all databases' : count(all.length, 'database')
    const some = `${well} of ${count(all.length, 'database')} ${well === 1 ? 'was' : 'were'} maintained`
    return {
      asking: `Maintain ${what}`,
      running: `Maintaining ${what}`,
      done:
        well === all.length ? capital(`${what} ${all.length === 1 && !plan?.all ? 'was' : 'were'} maintained`) : some,
    }
  },
  cancel: { meaning: `Instances still waiting are left alone. ${cancelled}`, confirm: 'Stop maintenance' },
  background: true,
  nothingToUndo: true,
})
