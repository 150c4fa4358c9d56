/** The report in words, and which fixes “all that is safe” are, in which order. */
import { describe, expect, it } from 'vitest'
import { reportText, safeFixes, summary, type Examined, type Finding, type Fix } from '../../../src/shared/doctor'
import { infrastructureStartJob } from '../../../src/shared/jobs/infrastructure'
import { restartJob, startJob } from '../../../src/shared/jobs/lifecycle'
import { fixJob, type FixablePart } from '../../../src/shared/jobs/fix'

const wrong = (check: Finding['check'], fix?: Fix): Finding => ({
  check,
  is: 'wrong',
  because: 'It is.',
  ...(fix && { fix }),
})
const fixing = (name: string, parts: FixablePart[]): Fix => ({
  label: 'Fix it',
  request: { kind: fixJob.kind, name, parts },
})
const infrastructure: Fix = { label: 'Start', request: { kind: infrastructureStartJob.kind } }
const start = (name: string): Fix => ({ label: 'Start it', request: { kind: startJob.kind, name } })

describe('what is safe', () => {
  it('comes once each: the infrastructure, files and database, processes', () => {
    const found: Examined[] = [
      { name: 'a', findings: [wrong('status', start('a')), wrong('listed', start('a'))] },
      {
        name: 'b',
        findings: [wrong('env', fixing('b', ['env'])), wrong('direct', fixing('b', ['password', 'pool']))],
      },
      { findings: [wrong('postgres', infrastructure), wrong('pgbouncer', infrastructure)] },
    ]
    expect(safeFixes(found)).toEqual([
      infrastructure.request,
      { kind: fixJob.kind, name: 'b', parts: ['password', 'env', 'pool'] },
      start('a').request,
    ])
  })

  it('isn’t what costs something', () => {
    const restart: Fix = {
      label: 'Restart it',
      request: { kind: restartJob.kind, name: 'a' },
      warning: 'It is briefly unavailable.',
    }
    expect(safeFixes([{ name: 'a', findings: [wrong('http', restart), wrong('disk')] }])).toEqual([])
  })
})

it.each([
  ['Everything is fine.', [{ name: 'a', findings: [{ check: 'port', is: 'good' }] }]],
  [
    'No problems were found. One check couldn’t be completed.',
    [{ name: 'a', findings: [{ check: 'port', is: 'unchecked', because: 'It hangs.' }] }],
  ],
  [
    '3 things are wrong with this machine and a.',
    [{ findings: [wrong('disk')] }, { name: 'a', findings: [wrong('env'), wrong('modes')] }],
  ],
] satisfies [string, Examined[]][])('%s', (words, found) => {
  expect(summary(found)).toBe(words)
})

it('the report is text that a colleague understands', () => {
  const found: Examined[] = [
    { findings: [{ check: 'daemon', is: 'good' }] },
    {
      name: 'school',
      findings: [
        wrong('env', fixing('school', ['env'])),
        { check: 'direct', is: 'unchecked', because: 'PostgreSQL isn’t running.' },
      ],
    },
  ]
  expect(reportText(found, { version: '1.2.3', at: new Date(0) })).toBe(
    [
      'Instance Manager 1.2.3, health report of one instance, 1970-01-01T00:00:00.000Z',
      'One thing is wrong with school. One check couldn’t be completed.',
      '',
      'This machine',
      '  ✓ PM2',
      '',
      'school',
      '  ✗ .env: It is. To fix it: Fix it.',
      '  – Direct login: couldn’t be checked. PostgreSQL isn’t running.',
      '',
    ].join('\n'),
  )
})
