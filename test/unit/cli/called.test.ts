/** How commands are named in a clone, and the link that `npm start` offers. */
import { existsSync } from 'node:fs'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
// @ts-expect-error a script without types
import { offerLink as untyped } from '../../../scripts/lib/offer-link.mjs'
import { callOf } from '../../../src/main/cli/called'
import { temporary } from '../temporary'

type Ask = (question: string) => Promise<string | undefined>
const offerLink = untyped as (options: { env: NodeJS.ProcessEnv; ask: Ask }) => Promise<void>

test('a command is named as it was called', () => {
  expect(callOf('/home/ada/.local/bin/instance-manager', undefined)).toBe('instance-manager')
  expect(callOf('/home/ada/im/scripts/cli.mjs', 'cli')).toBe('npm run -s cli --')
  expect(callOf('/home/ada/im/scripts/cli.mjs', undefined)).toBe('/home/ada/im/scripts/cli.mjs')
  expect(callOf('/opt/im/out/main/cli.cjs', undefined)).toBe('instance-manager')
})

describe('the link in ~/.local/bin', () => {
  async function scene(answer: string | undefined) {
    const home = await temporary()
    const env = { HOME: home, PATH: join(home, 'bin') }
    let asked = 0
    return {
      home,
      link: join(home, '.local/bin/instance-manager'),
      offer: () => offerLink({ env, ask: () => Promise.resolve((asked++, answer)) }),
      times: () => asked,
    }
  }

  test('is made if the operator agrees, and leads to the command', async () => {
    const { offer, link, times } = await scene('')
    await offer()
    expect(await realpath(link)).toMatch(/scripts\/cli\.mjs$/)
    await offer()
    expect(times()).toBe(1)
  })
  test('is offered once, but again after no answer', async () => {
    const declined = await scene('n')
    await declined.offer()
    await declined.offer()
    expect(declined.times()).toBe(1)
    expect(existsSync(declined.link)).toBe(false)
    const silent = await scene(undefined)
    await silent.offer()
    await silent.offer()
    expect(silent.times()).toBe(2)
  })
  test('is not offered if the command can be found, whatever it is', async () => {
    const { home, offer, times } = await scene('y')
    await mkdir(join(home, 'bin'))
    await writeFile(join(home, 'bin/instance-manager'), '')
    await offer()
    expect(times()).toBe(0)
  })
})
