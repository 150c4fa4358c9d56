/** Loads images from a file into Podman or Docker. */
import { loadImagesJob } from '../../shared/jobs/images'
import { problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import type { DriverKind } from '../../shared/infrastructure'
import type { ImageFiles } from './drivers/driver'
import type { Infrastructure } from './infrastructure'
import { driverContext } from './start'

export const loadImages = (infrastructure: Infrastructure): AnyOperation =>
  implement(loadImagesJob, {
    plan: async ({ file, image }) => {
      const driver = await infrastructure.kind()
      const images = await imageFilesOf(infrastructure, driver).usable(file, image)
      if (driver === 'embedded') throw unused()
      return { driver, file, images: [...images] }
    },
    contradiction: (_plan, subject) =>
      subject === things.images ? undefined : `its subject is ${JSON.stringify(subject)}.`,
    steps: {
      load: {
        async do(context) {
          const { driver, file, images } = context.plan
          await imageFilesOf(infrastructure, driver).load(file, images, driverContext(context))
          infrastructure.imagesLoaded()
        },
        verify: () => Promise.resolve(false), // loading it again changes nothing
      },
    },
  })

function imageFilesOf(infrastructure: Infrastructure, kind: DriverKind): ImageFiles {
  const { imageFiles } = infrastructure.driverOf(kind)
  if (imageFiles) return imageFiles
  throw unused()
}

const unused = () =>
  problem({
    code: 'images-unused',
    message: 'The embedded driver uses no images.',
    hint: 'Choose Podman or Docker first.',
    action: 'choose-driver',
  })
