/** What the plans of jobs on an existing instance share. */
import { z } from 'zod'
import { nameSchema } from '../instance'

export const absolutePath = z.string().startsWith('/', 'Not an absolute path.')

/** An instance as a plan names it: its folder `server/`, and the script that PM2 runs. */
export const targetSchema = z.strictObject({ name: nameSchema, port: z.int(), cwd: absolutePath, script: absolutePath })
export type Target = Readonly<z.infer<typeof targetSchema>>

/** An input that is a name only. */
export const namedSchema = z.object({ name: nameSchema })

export const stopProcess = {
  title: 'Stop the application',
  explanation: 'It is asked to exit, then killed if it doesn’t.',
} as const
export const startProcess = {
  title: 'Start the application',
  explanation: 'PM2 runs it and restarts it if it exits.',
} as const
export const verifyHealth = {
  title: 'Check that it answers',
  explanation: 'It is running, holds its port and answers a request.',
} as const
