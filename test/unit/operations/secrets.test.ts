import { beforeEach, describe, expect, it } from 'vitest'
import { OperationSecrets } from '../../../src/main/operations/secrets'
import type { OperationState, Phase } from '../../../src/shared/operation'
import { memorySecrets } from '../../support/memory-secrets'

let all: Map<string, string>
let secrets: OperationSecrets
beforeEach(() => {
  all = new Map([['infrastructure.admin', 'x']])
  secrets = new OperationSecrets(memorySecrets(all))
})

const settledAt = Date.parse('2026-01-01T00:01:00.000Z')
const state = (id: string, phase: Phase, kind = 'create'): OperationState => ({
  id,
  kind,
  subject: 'a',
  phase,
  claims: [],
  openedAt: '2026-01-01T00:00:00.000Z',
  settledAt: new Date(settledAt).toISOString(),
  steps: [],
  plan: { token: `token-${id}` },
})
const keep = (id: string) => secrets.keep(id, { database: 'd', password: 'p' })
const left = (id: string): string[] =>
  [...all.keys()]
    .filter(it => it.includes(id))
    .map(it => it.split(':')[2] ?? '')
    .toSorted()
const shows = (kind: string) => (kind === 'create' ? 'password' : undefined)

describe('the secrets of an operation', () => {
  it('are forgotten with it, but for the one that stays until it was taken, once', async () => {
    await keep('one')
    await keep('two')
    expect(await secrets.get(state('one', 'running'), 'database')).toBe('d')
    await secrets.forget(state('one', 'succeeded'), 'password')
    expect([left('one'), left('two')]).toEqual([['password'], ['database', 'password']])
    await expect(secrets.get(state('one', 'succeeded'), 'database')).rejects.toMatchObject({
      problem: { code: 'secret-missing' },
    })
    const untaken = () => secrets.untaken([state('one', 'succeeded'), state('gone', 'succeeded')], shows)
    expect(await untaken()).toEqual(['one'])
    expect(await secrets.take(state('one', 'succeeded'), 'password')).toBe('p')
    expect(await untaken()).toEqual([])
    expect(await secrets.take(state('one', 'succeeded'), 'password')).toBeUndefined()
    await secrets.forget(state('two', 'rolled-back'))
    expect([...all.keys()]).toEqual(['infrastructure.admin'])
  })

  it('of 0.1, which lie under the token of its plan, are found and forgotten too', async () => {
    all
      .set('create:token-old:database', 'd')
      .set('create:token-old:password', 'p')
      .set('create:token-other:database', 'o')
    expect(await secrets.get(state('old', 'running'), 'database')).toBe('d')
    await secrets.forget(state('old', 'succeeded'), 'password')
    expect(await secrets.take(state('old', 'succeeded'), 'password')).toBe('p')
    expect([...all.keys()]).toEqual(['infrastructure.admin', 'create:token-other:database'])
  })

  it('that nobody came for are forgotten a day later', async () => {
    const day = 24 * 3_600_000
    await keep('done')
    await secrets.tidy(() => [state('done', 'succeeded')], shows, settledAt + day - 1)
    expect(left('done')).toEqual(['password'])
    await secrets.tidy(() => [state('done', 'succeeded')], shows, settledAt + day)
    expect(left('done')).toEqual([])
  })

  it('of an operation that is just starting are left alone', async () => {
    await keep('starting')
    await secrets.tidy(() => undefined, shows, settledAt)
    expect(left('starting')).toEqual(['database', 'password'])
  })

  it('are forgotten after a crash, but for those of open operations; others are not touched', async () => {
    for (const it of ['lost', 'open', 'stuck', 'done', 'back', 'other']) await keep(it)
    await secrets.tidy(
      () => [
        state('open', 'running'),
        state('stuck', 'stuck'),
        state('done', 'succeeded'),
        state('back', 'rolled-back'),
        state('other', 'succeeded', 'other'),
      ],
      shows,
      settledAt,
    )
    const both = ['database', 'password']
    expect(['lost', 'open', 'stuck', 'done', 'back', 'other'].map(left)).toEqual([[], both, both, ['password'], [], []])
    expect(all.get('infrastructure.admin')).toBe('x')
  })
})
