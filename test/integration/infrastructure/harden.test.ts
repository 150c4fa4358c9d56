import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { hardenSuite } from './harden'

const podman = await podmanForTests()

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('with Podman', () => {
  hardenSuite('podman', 'images' in podman ? podman.images : { postgres: '', pgbouncer: '' })
})
