import { describe, expect, it } from 'vitest'
import { hardenSentences } from '../../../src/shared/hardening'
import {
  instanceFacts,
  type HardenFacts,
  type InstanceFacts,
  type LoginFacts,
} from '../../../src/main/infrastructure/harden/facts'
import { judge } from '../../../src/main/infrastructure/harden/review'

const ports = { postgres: 15432, pgbouncer: 16432 }
const url = (more: Partial<LoginFacts> = {}): LoginFacts => ({
  host: '127.0.0.1',
  port: ports.pgbouncer,
  user: 'school_user',
  database: 'school_db',
  password: 0,
  characters: 'plain',
  stored: 'scram',
  ...more,
})
const school = (...urls: LoginFacts[]): InstanceFacts => ({ name: 'school', urls })
const facts = (more: Partial<HardenFacts> = {}): HardenFacts => ({
  weakRules: [],
  roles: [
    { name: 'postgres', superuser: true, canLogin: true, stored: 'scram' },
    { name: 'school_user', superuser: false, canLogin: true, stored: 'scram' },
    { name: 'report', superuser: false, canLogin: true, stored: 'none' },
    { name: 'group', superuser: false, canLogin: false, stored: 'none' },
  ],
  databases: [
    { name: 'elsewhere_db', connect: true, temporary: true, granted: [] },
    { name: 'postgres', connect: false, temporary: false, granted: [] },
    { name: 'school_db', connect: true, temporary: true, granted: ['school_user'] },
  ],
  standbys: 0,
  instances: [school(url(), url({ port: ports.postgres }))],
  foreign: new Map(),
  elsewhere: [],
  running: ['school'],
  ports,
  postgres: { open: false },
  pgbouncer: { id: 'f' },
  ...more,
})
const codes = (more: Partial<HardenFacts>): string[] => judge(facts(more)).review.refused.map(it => it.code)

it('only instances’ databases are closed, and roles that can’t log in afterwards are named', () => {
  const { review, logins, open } = judge(facts())
  expect(open).toEqual([{ database: 'school_db', connect: true, temporary: true, granted: false }])
  expect(logins).toEqual([{ instance: 'school', role: 'school_user', database: 'school_db', granted: true }])
  expect(review).toMatchObject({ lockedOut: ['report'], interrupted: ['school'], refused: [] })
})

describe('refused', () => {
  it.each<[string, Partial<HardenFacts>, string[]]>([
    ['a superuser', { instances: [school(url({ user: 'postgres' }))] }, ['harden-superuser']],
    ['two passwords', { instances: [school(url(), url({ password: 1 }))] }, ['harden-passwords']],
    ['a password that SCRAM can’t carry', { instances: [school(url({ characters: 'others' }))] }, ['harden-passwords']],
    [
      'a role shared with another password',
      { instances: [school(url()), { name: 'School', urls: [url({ password: 1 })] }] },
      ['harden-passwords'],
    ],
    ['another’s role, in its .env', { instances: [school(url({ user: 'report' }))] }, ['harden-foreign']],
    ['another’s database', { instances: [school(url({ database: 'elsewhere_db' }))] }, ['harden-foreign']],
    [
      'a mark that isn’t its own',
      { foreign: new Map([['school', { code: 'database-foreign', message: 'It belongs to another.' }]]) },
      ['database-foreign'],
    ],
    [
      'PgBouncer at [::1], which it no longer listens on',
      { instances: [school(url({ host: '[::1]' }))] },
      ['harden-address'],
    ],
    ['PostgreSQL at [::1]: it stays', { instances: [school(url({ host: '[::1]', port: ports.postgres }))] }, []],
    ['another workspace’s databases', { elsewhere: ['elsewhere_db'] }, ['harden-elsewhere']],
    ['a standby', { standbys: 1 }, ['harden-standbys']],
    [
      'a PgBouncer that is removed when it stops',
      { pgbouncer: { id: 'f', passing: 'removed-at-stop' } },
      ['harden-container'],
    ],
    ['one that systemd runs', { pgbouncer: { id: 'f', passing: { unit: 'x.service' } } }, ['harden-container']],
    ['a superuser elsewhere: not ours', { instances: [school(url({ user: 'postgres', port: 5432 }))] }, []],
  ])('%s', (_, more, expected) => {
    expect(codes(more)).toEqual(expected)
  })
})

it('no password, and one that SCRAM can’t carry, are told apart', async () => {
  const login = { ...url(), password: '' }
  const messageOf = async (password: string): Promise<string | undefined> => {
    const instances = await instanceFacts([{ name: 'school', urls: [{ ...login, password }] }], [])
    return judge(facts({ instances })).review.refused[0]?.message
  }
  expect(await messageOf('')).toBe('“school” has no database password in its .env.')
  expect(await messageOf('pässword')).toBe('The database password of “school” has characters that can’t be used.')
  expect(await messageOf('password')).toBeUndefined()
})

it('an instance whose role or database is missing can’t log in now, and needn’t afterwards', () => {
  for (const gone of [url({ user: 'gone_user' }), url({ database: 'gone_db' })])
    expect(judge(facts({ instances: [school(gone)] }))).toMatchObject({ logins: [], review: { refused: [] } })
})

it('one running without PgBouncer isn’t interrupted', () => {
  const { review } = judge(facts({ instances: [school(url({ port: ports.postgres }))] }))
  expect(review.interrupted).toEqual([])
  expect(hardenSentences(review).costs[0]).toMatch(/^PgBouncer doesn’t answer/)
})
