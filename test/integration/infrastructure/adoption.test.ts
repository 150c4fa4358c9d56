import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { adoptionSuite } from './adoption'

const podman = await podmanForTests()

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('with Podman', () => {
  adoptionSuite('podman', 'images' in podman ? podman.images : { postgres: '', pgbouncer: '' }, [
    'scram-sha-256',
    'md5',
  ])
})
