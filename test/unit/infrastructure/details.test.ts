/** What is looked up rarely, when a job changes it meanwhile. The driver is a fake: no real one can be held at that moment. */
import { beforeEach, expect, it } from 'vitest'
import { Details } from '../../../src/main/infrastructure/details'
import type { Driver } from '../../../src/main/infrastructure/drivers/driver'
import type { SecretStore } from '../../../src/main/infrastructure/secrets'

let details: Details
/** Answers to whether the service's image is newer, in the order of the questions. */
let questions: ((newer: boolean) => void)[]

const isNewer = async (): Promise<boolean | undefined> => (await details.look()).postgres.newerImage
const asked = async (count: number) => {
  await expect.poll(() => questions.length).toBe(count)
}

beforeEach(() => {
  questions = []
  const driver = {
    details: ({ name }: { name: string }) =>
      Promise.resolve(name === 'postgres' ? { pid: process.pid, program: 'an image' } : undefined),
    images: { hasNewer: () => new Promise(resolve => questions.push(resolve)) },
    server: () => Promise.reject(new Error('it doesn’t answer')),
  } as unknown as Driver
  details = new Details({
    driver: () => Promise.resolve(driver),
    secrets: {} as SecretStore, // without an answer of the server, none is read
    restarts: () => 0,
    signal: new AbortController().signal,
  })
})

it('is kept until something has been done', async () => {
  const first = isNewer()
  await asked(1)
  questions[0]?.(false)
  expect([await first, await isNewer()]).toEqual([false, false])
  details.again()
  const second = isNewer()
  await asked(2)
  questions[1]?.(true)
  expect(await second).toBe(true)
})

it('isn’t kept if it was found before that', async () => {
  const before = isNewer()
  await asked(1)
  details.again() // an image has been pulled
  questions[0]?.(false)
  await before
  const after = isNewer()
  await asked(2)
  questions[1]?.(true)
  expect(await after).toBe(true)
})
