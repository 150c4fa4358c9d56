/** The job that moves several instances to other ports. */
import { z } from 'zod'
import { nameSchema, portSchema } from '../instance'
import { batchLimit, batchPlanSchema, defineBatch, haveOwnNames } from './batch'
import type { Several } from './job'

export const changingPortsWords: Several = { doing: 'Changing the ports of', done: 'moved' }

export const changePortManyJob = defineBatch({
  kind: 'change-port-many',
  input: z.object({
    items: z
      .array(z.object({ name: nameSchema, port: portSchema }))
      .min(1)
      .max(batchLimit)
      .refine(haveOwnNames, 'Two of them are about the same instance.')
      .refine(items => new Set(items.map(it => it.port)).size === items.length, 'Two of them have the same port.'),
  }),
  plan: batchPlanSchema,
  about: '(ports)',
  atOnce: 4,
  several: changingPortsWords,
  words: (those, were) => ({
    asking: `Change the ports of ${those}`,
    running: `Changing the ports of ${those}`,
    done: `${those} ${were} moved`,
  }),
})
