/** Jobs that give an instance a system user of its own, and take it away again. */
import { z } from 'zod'
import { ownersSchema } from '../instance'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll } from './job'
import { isFree } from './lifecycle'
import { namedSchema, startProcess, stopProcess, targetSchema } from './target'

const isolatePlanSchema = z.strictObject({
  target: targetSchema,
  ran: z.boolean(),
  /** The owners of its files before it was isolated. */
  before: ownersSchema,
})
export type IsolatePlan = Readonly<z.infer<typeof isolatePlanSchema>>

const isolateClaims = ({ target, ran }: IsolatePlan) => [
  owns(things.instance(target.name)),
  ...(ran ? [owns(things.port(target.port)), uses(things.infrastructure)] : []),
]

export const isolateJob = defineJob({
  kind: 'isolate',
  version: 2,
  input: namedSchema,
  plan: isolatePlanSchema,
  steps: {
    'stop-process': stopProcess,
    'create-user': {
      title: 'Create the system user',
      explanation: 'No password, no shell, and access to this instance only.',
    },
    'give-files': {
      title: 'Hand over the files',
      explanation: 'It can read the code and .env, and write only to its data folders. No other user has access.',
    },
    'start-process': { ...startProcess, when: ({ ran }) => ran },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: isolateClaims,
  name: ({ target }) => target.name,
  again: ({ target }) => ({ name: target.name }),
  words: ({ name }) => ({
    asking: `Give “${name}” its own system user`,
    running: `Giving “${name}” its own system user`,
    done: `“${name}” runs as its own system user`,
  }),
  status: 'Isolating…',
  cancel: undoesAll,
  offer: {
    label: 'Isolate…',
    when: it => isFree(it) && it.root && !it.isolated && !it.seamless,
    question: name => ({
      title: `Give ${name} its own system user?`,
      text: 'The application will only be able to read its own files and write to its data folders. If it is running, it restarts; if it isn’t healthy afterwards, everything is put back.',
      confirm: 'Isolate',
      calm: true,
    }),
  },
  command: {
    description:
      'Give an instance its own system user, so it can’t read other instances’ files or yours. Requires root.',
    example: 'restarts it if it is running; if it isn’t healthy afterwards, everything is put back',
  },
})

export const unisolateJob = defineJob({
  kind: 'unisolate',
  version: 2,
  input: namedSchema,
  plan: isolatePlanSchema,
  steps: {
    'stop-process': stopProcess,
    'take-files': { title: 'Take the files back', explanation: 'Owners and permissions are restored.' },
    'start-process': { ...startProcess, when: ({ ran }) => ran },
    'remove-user': {
      title: 'Delete the system user',
      explanation: 'Nothing runs as this user or belongs to it any more.',
    },
  },
  // Until this step, the files still belong to the system user.
  pivot: 'remove-user',
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: isolateClaims,
  name: ({ target }) => target.name,
  again: ({ target }) => ({ name: target.name }),
  words: ({ name }) => ({
    asking: `Remove the system user of “${name}”`,
    running: `Removing the system user of “${name}”`,
    done: `“${name}” no longer has its own system user`,
  }),
  status: 'Ending isolation…',
  cancel: undoesAll,
  offer: {
    label: 'End isolation…',
    when: it => isFree(it) && it.root && it.isolated,
    question: name => ({
      title: `Run ${name} as root again?`,
      text: 'Its system user will be deleted and its files returned to their previous owners. If the application is ever compromised, it will be able to read every file on this machine.',
      confirm: 'End isolation',
    }),
  },
  command: {
    description: 'Remove an instance’s system user; it runs as root again.',
    example: 'its files are returned to their previous owners',
  },
})

/** In the order of an instance's menu. */
export const isolationJobs = [isolateJob, unisolateJob] as const
