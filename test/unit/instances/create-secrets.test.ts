import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { secretKeys } from '../../../src/main/instances/create/plan'
import { forgetOrphanSecrets, forgetSecrets, takePassword } from '../../../src/main/instances/create/secrets'
import { Secrets } from '../../../src/main/workspace/secrets'
import type { OperationState, Phase } from '../../../src/shared/operation'
import { temporary } from '../temporary'

let secrets: Secrets
beforeEach(async () => { secrets = new Secrets(join(await temporary(), 'secrets.json')) })

const settledAt = Date.parse('2026-01-01T00:01:00.000Z')
const state = (token: string, phase: Phase, kind = 'create'): OperationState => ({
  id: token, kind, subject: 'a', phase, openedAt: '2026-01-01T00:00:00.000Z', settledAt: new Date(settledAt).toISOString(), steps: [], plan: { token, director: { name: 'Ada', email: 'ada@example.org' } },
})
const keep = (token: string): Promise<void> => secrets.setAll(Object.fromEntries(Object.entries(secretKeys(token)).map(([meaning, key]) => [key, meaning])))
const left = async (token: string): Promise<string[]> => (await secrets.keys()).filter(it => it.includes(token)).map(it => it.split(':')[2] as string).toSorted()
const all = ['database', 'director-hash', 'director-password', 'jwt']

describe('the secrets of a creation', () => {
  it('end with it; the director\'s password stays until it was shown once', async () => {
    await keep('one')
    await keep('two')
    await forgetSecrets(secrets, state('one', 'succeeded'))
    expect(await left('one')).toEqual(['director-password'])
    expect(await left('two')).toEqual(all)
    expect(await takePassword(secrets, state('one', 'succeeded'))).toEqual({ email: 'ada@example.org', password: 'directorPassword' })
    expect(await takePassword(secrets, state('one', 'succeeded'))).toBeUndefined()
    expect(await left('one')).toEqual([])
  })

  it('all end with a creation that was rolled back', async () => {
    await keep('one')
    await forgetSecrets(secrets, state('one', 'rolled-back'))
    expect(await left('one')).toEqual([])
  })

  it.each<Phase>(['running', 'undoing', 'stuck', 'rolled-back'])('are not shown of one that is %s', async phase => {
    await keep('one')
    expect(await takePassword(secrets, state('one', phase))).toBeUndefined()
    expect(await left('one')).toEqual(all)
  })

  it('are none of another kind of operation', async () => {
    await keep('one')
    await forgetSecrets(secrets, state('one', 'succeeded', 'rebuild'))
    expect(await takePassword(secrets, state('one', 'succeeded', 'rebuild'))).toBeUndefined()
    expect(await takePassword(secrets, undefined)).toBeUndefined()
    expect(await left('one')).toEqual(all)
  })

  it('the director\'s password that nobody came for is forgotten a day later', async () => {
    const day = 24 * 3_600_000
    await keep('done')
    await forgetOrphanSecrets(secrets, [state('done', 'succeeded')], settledAt + day - 1)
    expect(await left('done')).toEqual(['director-password'])
    await forgetOrphanSecrets(secrets, [state('done', 'succeeded')], settledAt + day)
    expect(await left('done')).toEqual([])
  })

  it('are forgotten after a crash, but for those of open and of unseen creations; others are not touched', async () => {
    for (const it of ['lost', 'open', 'stuck', 'done', 'back']) await keep(it)
    await secrets.setAll({ 'infrastructure.admin': 'x' })
    await forgetOrphanSecrets(secrets, [state('open', 'running'), state('stuck', 'stuck'), state('done', 'succeeded'), state('back', 'rolled-back')], settledAt)
    expect(Object.fromEntries(await Promise.all(['lost', 'open', 'stuck', 'done', 'back'].map(async it => [it, await left(it)] as const))))
      .toEqual({ lost: [], open: all, stuck: all, done: ['director-password'], back: [] })
    expect(await secrets.get('infrastructure.admin')).toBe('x')
  })
})
