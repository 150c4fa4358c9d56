/** Brings images into Podman or Docker: from a file, or from their registry. */
import { loadImagesJob, refreshImagesJob } from '../../shared/jobs/images'
import { problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { serviceTitle, type DriverKind } from '../../shared/infrastructure'
import type { Images } from './drivers/driver'
import type { Infrastructure } from './infrastructure'
import { driverContext } from './start'

export const loadImages = (infrastructure: Infrastructure): AnyOperation =>
  implement(loadImagesJob, {
    plan: async ({ file, image }) => {
      const driver = await infrastructure.kind()
      const images = await imagesOf(infrastructure, driver).usable(file, image)
      if (driver === 'embedded') throw unused()
      return { driver, file, images: [...images] }
    },
    contradiction: (_plan, subject) =>
      subject === things.images ? undefined : `its subject is ${JSON.stringify(subject)}.`,
    steps: {
      load: {
        async do(context) {
          const { driver, file, images } = context.plan
          await imagesOf(infrastructure, driver).load(file, images, driverContext(context))
          infrastructure.imagesChanged()
        },
        verify: () => Promise.resolve(false), // loading it again changes nothing
      },
    },
  })

export const refreshImages = (infrastructure: Infrastructure): AnyOperation =>
  implement(refreshImagesJob, {
    plan: async () => {
      const driver = await infrastructure.kind()
      const images = await imagesOf(infrastructure, driver).named()
      if (driver === 'embedded') throw unused()
      return { driver, images: [...images] }
    },
    contradiction: (_plan, subject) =>
      subject === things.images ? undefined : `its subject is ${JSON.stringify(subject)}.`,
    steps: {
      pull: {
        async do(context) {
          const { newer, failed } = await imagesOf(infrastructure, context.plan.driver).pull(driverContext(context))
          infrastructure.imagesChanged()
          for (const it of failed) context.note(it.message)
          for (const it of newer) context.note(`There is a newer image. Restart ${serviceTitle[it]} to use it.`)
        },
        verify: () => Promise.resolve(false), // pulling again changes nothing
      },
    },
  })

function imagesOf(infrastructure: Infrastructure, kind: DriverKind): Images {
  const { images } = infrastructure.driverOf(kind)
  if (images) return images
  throw unused()
}

const unused = () =>
  problem({
    code: 'images-unused',
    message: 'The embedded driver uses no images.',
    hint: 'Choose Podman or Docker first.',
    action: 'choose-driver',
  })
