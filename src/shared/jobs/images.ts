/** Jobs that bring images of PostgreSQL and PgBouncer onto this machine. They restart nothing. */
import { z } from 'zod'
import { capital, enumerate } from '../amounts'
import { owns, things } from '../things'
import { defineJob } from './job'

/** A container image's name, e.g. `docker.io/library/postgres:17-alpine`. */
export const imageSchema = z
  .string()
  .max(300)
  .regex(/^[a-z0-9][\w./:@-]*$/, 'Not a valid image name.')

/** Absolute, on the machine of the engine. */
const fileSchema = z
  .string()
  .trim()
  .max(4096)
  .regex(/^\/[^\0]*$/, 'Enter the full path, starting with /.')

/** For machines that reach no registry. */
export const loadImagesJob = defineJob({
  kind: 'load-images',
  version: 1,
  input: z.object({
    file: fileSchema,
    /** Another one that may be in it, besides those that the settings name. */
    image: imageSchema.optional(),
  }),
  plan: z.strictObject({
    driver: z.enum(['podman', 'docker']),
    file: fileSchema,
    /** Those in the file that can be used, as they were asked for. */
    images: z.array(imageSchema).min(1),
  }),
  steps: { load: { title: 'Load the file', explanation: 'Its images are then on this machine, as if pulled.' } },
  recovery: 'resume',
  about: () => things.images,
  claims: () => [owns(things.images)],
  again: ({ file, images }) => ({ file, image: images[0] }),
  words: ({ plan }) => {
    const what = plan ? enumerate(plan.images) : 'images'
    return {
      asking: `Load ${what} from a file`,
      running: `Loading ${what} from a file`,
      done: `${capital(what)} ${plan?.images.length === 1 ? 'was' : 'were'} loaded`,
    }
  },
  cancel: { meaning: 'An image that has been loaded completely stays on this machine.', confirm: 'Cancel' },
  nothingToUndo: true,
  prints: true,
})

/** Pulls the images that the settings name again: their names may mean newer minor versions by now. */
export const refreshImagesJob = defineJob({
  kind: 'refresh-images',
  version: 1,
  input: z.object({}),
  plan: z.strictObject({ driver: z.enum(['podman', 'docker']), images: z.array(imageSchema) }),
  steps: { pull: { title: 'Pull the images', explanation: 'Only what has changed is downloaded.' } },
  recovery: 'resume',
  about: () => things.images,
  claims: () => [owns(things.images)],
  again: () => ({}),
  words: ({ state }) => ({
    asking: 'Look for newer images',
    running: 'Looking for newer images',
    // Notes name what is newer, and what couldn't be pulled.
    done: state.steps.some(it => it.notes !== undefined) ? 'Looked for newer images' : 'There are no newer images',
  }),
  cancel: { meaning: 'An image that has been pulled completely stays on this machine.', confirm: 'Cancel' },
  nothingToUndo: true,
  prints: true,
})
