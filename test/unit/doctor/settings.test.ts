/** What `.env` and db-config.json should say, and how little a fix of them changes. */
import { parse } from 'dotenv'
import { describe, expect, it } from 'vitest'
import type { InstanceConfig } from '../../../src/shared/instance'
import { differingDatabase, differingKeys, fixDatabase, fixEnv } from '../../../src/main/doctor/settings'

const url = (port: number): string => `postgresql://school_user:secret@127.0.0.1:${port}/school_db`
const config: InstanceConfig = {
  name: 'school',
  port: 5001,
  database: {
    name: 'school_db',
    user: 'school_user',
    password: 'secret',
    host: '127.0.0.1',
    port: 16_432,
    directPort: 15_432,
    url: `${url(16_432)}?pgbouncer=true`,
    directUrl: url(15_432),
  },
  paths: { instance: '/a', server: '/a/server', client: '/a/client', uploads: '/a/server/uploads' },
  created: '2025-01-17T10:30:00.000Z',
}
const right = `DATABASE_URL="${config.database.url}"\nDIRECT_URL="${config.database.directUrl}"\nPORT=5001\nINSTANCE_NAME=school\n`

describe('.env', () => {
  it.each([
    ['as it should be', right, []],
    ['empty', '', ['DATABASE_URL', 'DIRECT_URL', 'PORT', 'INSTANCE_NAME']],
    ['other words for the same', right.replaceAll('postgresql:', 'postgres:').replaceAll('127.0.0.1', 'localhost'), []],
    ['more options', right.replace('pgbouncer=true', 'connection_limit=5&pgbouncer=true'), []],
    ['without PgBouncer’s option', right.replace('?pgbouncer=true', ''), ['DATABASE_URL']],
    ['another password', right.replace('secret', 'other'), ['DATABASE_URL']],
    ['the direct URL', right.replace(config.database.url, config.database.directUrl), ['DATABASE_URL']],
    ['no URL', right.replace(config.database.directUrl, 'nothing'), ['DIRECT_URL']],
    ['the last one counts', `${right}PORT=1\n`, ['PORT']],
  ])('%s', (_, text, keys) => {
    expect(differingKeys(text, config)).toEqual(keys)
    const fixed = fixEnv(text, config)
    expect(differingKeys(fixed, config)).toEqual([])
    expect(fixed === text).toBe(keys.length === 0)
  })

  it('a fix leaves all other lines, and carries options over', () => {
    const text = `# mine\nGREETING='hello'\n${right.replace('secret', 'other').replace('pgbouncer=true', 'pgbouncer=true&connection_limit=5')}LAST=1\n`
    const fixed = fixEnv(text, config)
    expect(fixed).toContain("# mine\nGREETING='hello'\n")
    expect(parse(fixed)['DATABASE_URL']).toBe(`${config.database.url}&connection_limit=5`)
    expect(fixed.endsWith('LAST=1\n')).toBe(true)
  })
})

describe('db-config.json', () => {
  it.each([
    ['as it should be', JSON.stringify(config.database), []],
    ['another value', JSON.stringify({ ...config.database, port: 1 }), ['port']],
    ['a list', '[]', undefined],
    ['no JSON', '{', undefined],
  ])('%s', (_, text, keys) => {
    expect(differingDatabase(text, config)).toEqual(keys)
    expect(fixDatabase(text, config)).toEqual(config.database)
  })

  it('keys of others stay', () => {
    expect(fixDatabase('{"note":"kept","port":1}', config)).toEqual({ note: 'kept', ...config.database })
  })
})
