/** Jobs that decide whether an instance's process can be exchanged without a gap. */
import { z } from 'zod'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll, type Candidate } from './job'
import { namedSchema, startProcess, stopProcess, targetSchema } from './target'

const seamlessPlanSchema = z.strictObject({
  target: targetSchema,
  ran: z.boolean(),
})
export type SeamlessPlan = Readonly<z.infer<typeof seamlessPlanSchema>>

const isFree = ({ group }: Candidate): boolean => group !== 'busy' && group !== 'copy'

const common = {
  version: 1,
  input: namedSchema,
  plan: seamlessPlanSchema,
  steps: {
    'stop-process': { ...stopProcess, when: ({ ran }: SeamlessPlan) => ran },
    'write-mode': { title: 'Change how PM2 runs it', explanation: 'Recorded in config.json.' },
    'start-process': { ...startProcess, when: ({ ran }: SeamlessPlan) => ran },
  },
  recovery: 'resume',
  about: ({ name }: z.output<typeof namedSchema>) => things.instance(name),
  claims: ({ target, ran }: SeamlessPlan) => [
    ...[things.instance(target.name), things.port(target.port)].map(owns),
    ...(ran ? [uses(things.infrastructure)] : []),
  ],
  name: ({ target }: SeamlessPlan) => target.name,
  again: ({ target }: SeamlessPlan) => ({ name: target.name }),
  cancel: undoesAll,
  keeps: true,
} as const

export const seamlessJob = defineJob({
  ...common,
  kind: 'seamless',
  words: ({ name }) => ({
    asking: `Make rebuilds of “${name}” seamless`,
    running: `Making rebuilds of “${name}” seamless`,
    done: `Rebuilds of “${name}” are seamless`,
  }),
  status: 'Changing mode…',
  offer: {
    label: 'Seamless rebuilds…',
    before: 'Make rebuilds seamless for',
    when: it => isFree(it) && !it.seamless && !it.isolated,
    question: name => ({
      title: `Make rebuilds of ${name} seamless?`,
      text: 'Rebuilds and restarts will start a second copy of the application and switch to it once it answers, so no request fails. For a moment both run, so the application must be able to run twice. PM2’s daemon will hold the port: if the daemon is killed, the instance goes down with it. If the instance is running, it restarts once now.',
      confirm: 'Make seamless',
      calm: true,
    }),
  },
  command: {
    description:
      'Make rebuilds and restarts of an instance seamless: a new process takes over without a gap (PM2’s cluster mode).',
    example: 'restarts it once if it is running; if it isn’t healthy afterwards, everything is put back',
  },
})

export const unseamlessJob = defineJob({
  ...common,
  kind: 'unseamless',
  words: ({ name }) => ({
    asking: `End seamless rebuilds of “${name}”`,
    running: `Ending seamless rebuilds of “${name}”`,
    done: `Rebuilds of “${name}” are no longer seamless`,
  }),
  status: 'Changing mode…',
  offer: {
    label: 'End seamless rebuilds…',
    before: 'End seamless rebuilds of',
    when: it => isFree(it) && it.seamless,
    question: name => ({
      title: `End seamless rebuilds of ${name}?`,
      text: 'Rebuilds and restarts will stop the application and start it again, so it is unavailable while it boots. If it is running, it restarts once now.',
      confirm: 'End seamless rebuilds',
      calm: true,
    }),
  },
  command: {
    description: 'Make rebuilds and restarts stop an instance and start it again (PM2’s fork mode, the default).',
    example: 'restarts it once if it is running',
  },
})

export const seamlessJobs = [seamlessJob, unseamlessJob] as const
