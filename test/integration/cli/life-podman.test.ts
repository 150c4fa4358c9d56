import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { lifeSuite } from './life'

const podman = await podmanForTests()

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('with Podman', () => {
  lifeSuite({ driver: 'podman', images: 'images' in podman ? podman.images : undefined })
})
