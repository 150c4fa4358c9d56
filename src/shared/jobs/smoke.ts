/** The job that runs an instance's smoke tests at the operator's request. */
import { z } from 'zod'
import { runs } from '../status'
import { owns, things, uses } from '../things'
import { defineJob } from './job'
import { namedSchema, smokeTests, targetSchema } from './target'

const smokePlanSchema = z.strictObject({ target: targetSchema })
export type SmokePlan = Readonly<z.infer<typeof smokePlanSchema>>

export const smokeJob = defineJob({
  kind: 'smoke',
  version: 1,
  input: namedSchema,
  plan: smokePlanSchema,
  steps: { 'smoke-tests': smokeTests },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [owns(things.instance(target.name)), uses(things.infrastructure)],
  name: ({ target }) => target.name,
  again: ({ target }) => ({ name: target.name }),
  words: ({ name }) => ({
    asking: `Run the smoke tests of “${name}”`,
    running: `Running the smoke tests of “${name}”`,
    done: `“${name}” passed its smoke tests`,
    failed: `“${name}” failed its smoke tests`,
  }),
  status: 'Testing…',
  cancel: { meaning: 'The tests are stopped. They change nothing.', confirm: 'Stop the tests' },
  nothingToUndo: true,
  prints: true,
  keeps: true,
  offer: { label: 'Run smoke tests', before: 'Run the smoke tests of', when: ({ group }) => runs(group) },
  command: {
    description: 'Run an instance’s smoke tests: the client, the API, the director’s table, and those of the manifest.',
    example: 'fails if a test fails',
  },
})
