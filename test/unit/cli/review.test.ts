/** A rebuild's review and a rehearsal, as `rebuild --dry-run` prints them. */
import { expect, it } from 'vitest'
import { rehearsalLines, reviewLines, totalLines } from '../../../src/main/cli/print/review'
import type { RebuildReview } from '../../../src/shared/rebuild-review'
import type { Rehearsal } from '../../../src/shared/schema'

const plain = (_: string, text: string): string => text

const review: RebuildReview = {
  name: 'school',
  base: '2'.repeat(32),
  release: '1'.repeat(32),
  upToDate: false,
  changes: {
    commits: {
      since: 'commit',
      count: 2,
      gone: 1,
      newest: [{ id: 'abc1234', subject: 'Reports \u001b[31mas PDF', at: '2026-01-01T00:00:00.000Z' }],
    },
    server: { direct: [{ name: 'express', from: '4.18.2', to: '5.0.0' }], transitive: 3 },
    client: { direct: [], transitive: 0 },
    schema: ['prisma/schema.prisma'],
  },
  behind: false,
  env: { offered: [{ key: 'SENDGRID_API_KEY', copied: true }], exampleOnly: ['S3_REGION'] },
  stays: {
    folders: [{ path: 'uploads', files: 20_001, bytes: 2 ** 20, complete: false }],
    keys: ['PORT', 'HOST'],
    own: { count: 12, names: ['reports', 'state.json'] },
  },
  disk: { needed: 2 ** 30, free: 2 ** 29, reserve: 2 ** 29 },
  prepared: false,
  expected: { seconds: 42, runs: 3 },
  gap: { running: true, seamless: false, seconds: 2.34 },
}

it('a review: what changes, what stays, what it takes', () => {
  expect(reviewLines(review, false, plain)).toEqual([
    'school',
    'Release   11111111 → 22222222',
    'Code      2 commits since the instance’s release',
    '          One of the instance’s commits is no longer in the history.',
    '            abc1234  Reports as PDF',
    'Packages  Server: express 4.18.2 → 5.0.0 and 3 indirect packages',
    '          Client: unchanged.',
    'Database  The schema has changed: prisma/schema.prisma',
    'Settings  New in the base application’s .env: SENDGRID_API_KEY',
    '          .env.example names S3_REGION, but the base application’s .env has no value for it.',
    'Stays     The database, 2 settings and uploads (more than 20,001 files, 1.0 MB)',
    '          Its own files: reports, state.json and 10 more',
    'Takes     Downtime: about 2.3 s.',
    '          About 42 s, like the last 3 rebuilds. The new code is prepared first, while the instance keeps running.',
    '          1.0 GB of disk space; 512 MB is free, and 512 MB must stay free for PostgreSQL.',
  ])
})

it('up to date, only what stays and what it takes', () => {
  const lines = reviewLines({ ...review, release: review.base, upToDate: true, changes: { schema: [] } }, false, plain)
  expect(lines[1]).toBe('Release   22222222, up to date')
  expect(lines.join('\n')).not.toMatch(/Code|Packages|Database/)
})

it.each([
  [{ running: true, seamless: false }, false, 'Downtime: as long as the application takes to start.'],
  [{ running: true, seamless: true, seconds: 2 }, false, 'No downtime: seamless.'],
  [{ running: true, seamless: true, seconds: 2 }, true, 'Downtime: about 2.0 s. A schema change isn’t seamless.'],
  [{ running: false, seamless: false, seconds: 2 }, true, 'No downtime: it isn’t running, and won’t be started.'],
])('the gap: %o, with the schema: %s', (gap, pushes, words) => {
  expect(reviewLines({ ...review, gap }, pushes, plain).find(it => it.startsWith('Takes'))).toContain(words)
})

const rehearsal: Rehearsal = {
  class: 'destructive',
  change: {
    id: 'x',
    forward: 'ALTER TABLE "users" DROP COLUMN "phone";\n',
    backward: '',
    renames: [],
    keep: [],
  },
  losses: [{ kind: 'column', table: 'users', column: 'phone', count: 1204, keys: ['1'] }],
  candidates: [{ kind: 'column', table: 'users', from: 'phone', to: 'mobile' }],
  drift: [],
  oldCode: [],
  rollback: { exact: true, limits: [] },
}
const refusal = { statement: 'ALTER …', code: '23502', message: 'null', words: 'Column `a` needs a value.' }

it('a rehearsal: what is lost, what may be a rename, how far it goes back, and the SQL', () => {
  expect(rehearsalLines(rehearsal, [])).toEqual([
    'This loses data:',
    '  Drops column “phone” of “users”: 1,204 values',
    'Renamed (--rename)? Column “phone” → “mobile” of “users”',
    'Can be rolled back without losing rows written in the meantime.',
    'SQL:',
    '  ALTER TABLE "users" DROP COLUMN "phone";',
  ])
  const { change: _, ...rest } = rehearsal
  expect(rehearsalLines({ ...rest, class: 'refused', losses: [], candidates: [], refusal }, [])).toEqual([
    'Existing rows don’t allow this change.',
    'Column “a” needs a value.',
  ])
})

it('of several: equal SQL is printed once, and what it comes to in the end', () => {
  const first = { name: 'a', ...rehearsal }
  expect(rehearsalLines(rehearsal, [first]).slice(-1)).toEqual(['SQL: the same as for a'])
  const { change: _, ...rest } = rehearsal
  const all = [
    first,
    { name: 'b', ...rest, class: 'refused' as const, losses: [], refusal },
    { name: 'c', problem: { code: 'schema-copy', message: 'It can’t be copied.' } },
  ]
  expect(totalLines(all, false)).toEqual([
    '1 of 3 would lose data:',
    '  a: 1,204 values of users.phone',
    'Without --accept-data-loss, the rebuild stops at the first of them.',
    'PostgreSQL refuses it in 1 of 3: b.',
  ])
  expect(totalLines([first], true)).toHaveLength(2)
  expect(totalLines([{ name: 'a', ...rest, class: 'none', losses: [] }], false)).toEqual(['No data would be lost.'])
  expect(totalLines(all.slice(2), false)).toEqual([])
})
