/** Jobs that exchange an instance's code: for the base application as it is now, or for what it had before. */
import { z } from 'zod'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { manifestSchema } from '../workspace'
import { fingerprintSchema } from './create'
import { defineJob, type Candidate } from './job'
import { startProcess, targetSchema, verifyHealth } from './target'

const rebuildPlanSchema = z.strictObject({
  /** Marks the slot that this operation fills, and names what it sets aside. */
  token: z.uuid(),
  target: targetSchema,
  /** It was running, so it's started again; a stopped instance stays stopped. */
  ran: z.boolean(),
  manifest: manifestSchema,
  /** The release it gets. */
  fingerprint: fingerprintSchema,
  /** The release it has; absent: none of ours, made by the replaced tool. */
  from: fingerprintSchema.optional(),
})
export type RebuildPlan = Readonly<z.infer<typeof rebuildPlanSchema>>

const canBeRebuilt = ({ group }: Candidate): boolean => group !== 'busy' && group !== 'copy'

export const rebuildJob = defineJob({
  kind: 'rebuild',
  version: 1,
  input: z.object({ name: nameSchema }),
  plan: rebuildPlanSchema,
  steps: {
    'prepare-release': {
      title: 'Prepare the new code',
      explanation: 'Installs what changed and builds the client. The instance keeps running.',
    },
    'fill-slot': {
      title: 'Place it beside the running code',
      explanation: 'In a folder of its own; nothing that runs is touched.',
    },
    trial: {
      title: 'Try it',
      explanation: 'The new code runs on a spare port until it answers.',
    },
    switch: {
      title: 'Switch to the new code',
      explanation: 'Stops the old code and exchanges the folders. Uploads, settings and other files stay.',
    },
    'start-process': { ...startProcess, when: ({ ran }) => ran },
    'verify-health': { ...verifyHealth, when: ({ ran }) => ran },
    'keep-previous': {
      title: 'Keep the previous code',
      explanation: 'You can roll back to it until the next rebuild.',
    },
  },
  pivot: 'keep-previous',
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target, token, fingerprint, from }) => [
    ...[things.instance(target.name), things.port(target.port), things.trash(token)].map(owns),
    uses(things.infrastructure),
    ...[...new Set([fingerprint, ...(from === undefined ? [] : [from])])].map(it => uses(things.release(it))),
  ],
  name: ({ target }) => target.name,
  again: ({ target }) => ({ name: target.name }),
  words: ({ name }) => ({
    asking: `Rebuild “${name}”`,
    running: `Rebuilding “${name}”`,
    done: `“${name}” has the new code`,
    failed: `“${name}” was not rebuilt`,
  }),
  status: 'Rebuilding…',
  cancel: { meaning: 'The instance keeps the code it has, or gets it back.', confirm: 'Cancel and go back' },
  needsInfrastructure: true,
  prints: true,
  keeps: true,
  offer: {
    label: 'Rebuild…',
    when: canBeRebuilt,
    question: name => ({
      title: `Rebuild “${name}”?`,
      text: 'It gets the base application as it is now. The new code is tried beside the running one first; the database, settings, uploads and every other file of its own stay.',
      confirm: 'Rebuild',
      calm: true,
    }),
  },
  command: { description: 'Bring the base application’s code into an instance.', example: 'rebuild school' },
})

export const rebuildJobs = [rebuildJob] as const
