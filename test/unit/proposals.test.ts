/** Settings that suit a machine's memory. */
import { expect, it } from 'vitest'
import { proposalsFor } from '../../src/shared/proposals'
import { invalid, settingOf } from '../../src/shared/setting-list'
import { settingsSchema } from '../../src/shared/settings'

const settings = settingsSchema.parse({})
const gigabyte = 2 ** 30

it.each([
  [0.5, [150, 128, 4]],
  [2, [250, 256, 4]],
  [8, [800, 1024, 4]],
  [64, [800, 8192, 23]],
  [1024, [800, 8192, 64]],
] as const)('with %s GB', (memory, [connections, buffers, sort]) => {
  expect(proposalsFor(memory * gigabyte, settings)).toEqual({
    'postgres.maxConnections': connections,
    'postgres.sharedBuffersMB': buffers,
    'postgres.workMemMB': sort,
  })
})

it('each is valid', () => {
  for (const memory of [0.25, 1, 3, 4096])
    for (const [key, value] of Object.entries(proposalsFor(memory * gigabyte, settings)))
      expect(invalid(settingOf(key), value)).toBeUndefined()
})
