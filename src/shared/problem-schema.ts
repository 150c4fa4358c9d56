/** The schema of serialised problems. Separate from problem.ts so that the log-reading threads needn't load zod. */
import { z } from 'zod'
import type { Problem, ProblemAction } from './problem'

const actions: Readonly<Record<ProblemAction, ProblemAction>> = {
  'start-infrastructure': 'start-infrastructure',
  'new-data': 'new-data',
  'choose-driver': 'choose-driver',
  harden: 'harden',
  'use-embedded': 'use-embedded',
  retry: 'retry',
  'open-activity': 'open-activity',
  'stop-other': 'stop-other',
  'use-npm-install': 'use-npm-install',
  'free-space': 'free-space',
  'keep-waiting': 'keep-waiting',
  'test-again': 'test-again',
  'show-here': 'show-here',
  'sign-in-link': 'sign-in-link',
  'open-workspace': 'open-workspace',
  autostart: 'autostart',
}

export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  cause: z.string().optional(),
  hint: z.string().optional(),
  action: z.enum(actions).optional(),
  instance: z.string().optional(),
  workspace: z.string().optional(),
  image: z.string().optional(),
  field: z.string().optional(),
  details: z.string().optional(),
}) satisfies z.ZodType<Problem>
