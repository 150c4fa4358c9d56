/** A container that was created from other options is created again: that must not happen with every update. */
import { expect, test } from 'vitest'
import { settingsSchema } from '../../../src/shared/settings'
import { containerOptions, fingerprint } from '../../../src/main/infrastructure/drivers/container-options'
import { serviceOf } from '../../../src/main/infrastructure/services'

test.each([
  ['podman', 'postgres', 'f45dc8ab12d85357'],
  ['podman', 'pgbouncer', 'afcca96c87da32f6'],
  ['docker', 'postgres', '4c2e1f0b80a60de5'],
  ['docker', 'pgbouncer', '52dd6188432ad2ec'],
] as const)('%s keeps the %s that version 0.1 created', (engine, name, known) => {
  const options = containerOptions({
    engine,
    service: serviceOf(name),
    settings: settingsSchema.parse({}),
    network: { name: 'instance-manager-postgres', own: '10.89.0.10' },
    folder: `/workspace/.instance-manager/containers/${name}`,
    owner: '/workspace',
  })
  expect(fingerprint(options)).toBe(known)
})
