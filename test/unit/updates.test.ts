/** Which version is told of, by what is installed and by what apt says. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { beforeEach, expect, it } from 'vitest'
import { policyIn, type AptPolicy } from '../../src/main/system/apt'
import { productIn, type Product } from '../../src/main/system/product'
import { Updates } from '../../src/main/updates'
import { temporary } from './temporary'

const never = new AbortController().signal
let product: Product
let apt: { policy: AptPolicy | undefined; state: string; asked: number }
let updates: Updates

/** What lies on the disk. */
const install = (version: string, versionInPackages = version): Promise<void> =>
  writeFile(product.packageJson, JSON.stringify({ version, versionInPackages }))

beforeEach(async () => {
  product = productIn(await temporary())
  await mkdir(product.root, { recursive: true })
  await writeFile(product.sums, '')
  await install('1.0.0')
  apt = { policy: { installed: '1.0.0', candidate: '1.0.0' }, state: '', asked: 0 }
  updates = running('1.0.0')
})

const running = (version: string): Updates =>
  new Updates(
    { version, product },
    {
      state: () => Promise.resolve(apt.state),
      policy: () => {
        apt.asked++
        return Promise.resolve(apt.policy)
      },
    },
  )

const table = `  Version table:
     1.1.0 500
        500 file:/srv/repository stable/main amd64 Packages
 *** 1.0.0 100
        100 /var/lib/dpkg/status
`

it.each([
  ['1.0.0', '1.1.0', { installed: '1.0.0', candidate: '1.1.0' }],
  ['1:1.0~rc1+b2-3', '1.0.0', { installed: '1:1.0~rc1+b2-3', candidate: '1.0.0' }],
  ['(none)', '1.1.0', undefined],
  ['1.0.0', '(none)', undefined],
  ['1.0.0', '\u001b[31m1.1.0', undefined],
  ['1.0.0', '1.1.0 and more', undefined],
])('apt says that %j is installed, and %j the candidate', (installed, candidate, expected) => {
  const output = `it:\n  Installed: ${installed}\n  Candidate: ${candidate}\n${table}`
  expect(policyIn(output, 'it')).toEqual(expected)
})

it.each(['', 'N: Unable to locate package it\n', `other:\n  Installed: 1\n  Candidate: 2\n${table}`])(
  'nothing is read from %j',
  output => expect(policyIn(output, 'it')).toBeUndefined(),
)

it('a version that a source has is available', async () => {
  expect(await updates.find(never)).toBeNull()
  apt = { ...apt, policy: { installed: '1.0.0', candidate: '1.1.0' }, state: 'after apt update' }
  expect(await updates.find(never)).toEqual({ version: '1.1.0', is: 'available' })
})

it('a pre-release is known to apt by another name', async () => {
  await install('1.0.0-beta.1', '1.0.0~beta.1')
  apt.policy = { installed: '1.0.0~beta.1', candidate: '1.0.0' }
  expect(await running('1.0.0-beta.1').find(never)).toEqual({ version: '1.0.0', is: 'available' })
})

it('apt is asked again only when something of it has changed', async () => {
  await updates.find(never)
  await updates.find(never)
  expect(apt.asked).toBe(1)
  apt.state = 'changed'
  await updates.find(never)
  expect(apt.asked).toBe(2)
})

it('after an upgrade, this process is the old one, whatever a source has', async () => {
  apt.policy = { installed: '1.1.0', candidate: '1.2.0' }
  await install('1.1.0')
  expect(await updates.find(never)).toEqual({ version: '1.1.0', is: 'installed' })
})

it.each<[string, () => unknown]>([
  ['without apt', () => (apt.policy = undefined)],
  ['if apt knows another copy than the one that runs', () => (apt.policy = { installed: '0.9.0', candidate: '1.1.0' })],
  ['in the middle of an upgrade', () => writeFile(product.packageJson, '{"vers')],
  ['after a removal', () => rm(product.root, { recursive: true })],
  ['in a clone', () => Promise.all([rm(product.sums), install('1.1.0')])],
])('nothing is told %s', async (_, happens) => {
  await happens()
  expect(await updates.find(never)).toBeNull()
})
