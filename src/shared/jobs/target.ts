/** Parts shared by the plans of jobs on an existing instance. */
import { z } from 'zod'
import { nameSchema } from '../instance'

export const absolutePath = z.string().startsWith('/', 'Not an absolute path.')

/** An instance in a plan. `cwd` is its folder `server/`, `script` is what PM2 runs. */
export const targetSchema = z.strictObject({ name: nameSchema, port: z.int(), cwd: absolutePath, script: absolutePath })
export type Target = Readonly<z.infer<typeof targetSchema>>

/** The input of jobs that only need a name. */
export const namedSchema = z.object({ name: nameSchema })

export const stopProcess = {
  title: 'Stop the application',
  explanation: 'Asks it to exit, and kills it if it doesn’t.',
} as const
export const startProcess = {
  title: 'Start the application',
  explanation: 'PM2 runs it and restarts it if it exits.',
} as const
export const smokeTests = {
  title: 'Run the smoke tests',
  explanation: 'The client, the API, the director’s table, and what the manifest adds.',
} as const
export const verifyHealth = {
  title: 'Check that it answers',
  explanation: 'It must be running, listen on its port and answer a request.',
} as const
