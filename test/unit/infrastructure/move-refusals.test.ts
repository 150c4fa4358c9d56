import { expect, it } from 'vitest'
import type { AdoptedService } from '../../../src/main/infrastructure/drivers/driver'
import { unkept } from '../../../src/main/infrastructure/move/refusals'
import { postgres } from '../../../src/main/infrastructure/services/postgres'

const causes = (more: Partial<AdoptedService>) =>
  unkept(postgres, { id: 'f', open: false, startsAtBoot: false, ...more }).map(it => it.cause)

it.each<[string, Partial<AdoptedService>, string]>([
  ['removed when it stops', { passing: 'removed-at-stop' }, '--rm'],
  ['that systemd runs', { passing: { unit: 'postgres.service' } }, 'postgres.service'],
  ['started at every boot', { startsAtBoot: true }, '--restart always'],
])('a container %s is refused', (_, more, cause) => {
  expect(causes(more)).toEqual([expect.stringContaining(cause)])
})

it('a container that stays stopped is not', () => {
  expect(causes({})).toEqual([])
})
