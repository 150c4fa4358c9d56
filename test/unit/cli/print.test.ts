/** What is printed: nothing of others moves a terminal, and what is drawn fits it. */
import { describe, expect, it } from 'vitest'
import { exitCodes, exitOfPhase, worstExit } from '../../../src/main/cli/exit-codes'
import { toFailure } from '../../../src/main/cli/failure'
import { lineSchema } from '../../../src/main/cli/lines'
import { asJson, clean, cleanLine } from '../../../src/main/cli/print/clean'
import { LiveReporter } from '../../../src/main/cli/print/live'
import { Output } from '../../../src/main/cli/print/output'
import { PlainReporter } from '../../../src/main/cli/print/plain'
import { problemLines } from '../../../src/main/cli/print/problem'
import { isColoured, painter } from '../../../src/main/cli/print/style'
import { pairs, table } from '../../../src/main/cli/print/table'
import {
  fold,
  type Entry,
  type OperationEvent,
  type OperationState,
  type Transient,
} from '../../../src/shared/operation'
import { ProblemError } from '../../../src/shared/problem'

describe('text of others', () => {
  it.each([
    ['plain', 'plain'],
    ['a\u001b[31mred\u001b[0m', 'ared'],
    ['\u001b]0;title\u0007x', 'x'],
    ['\u001b]8;;http://x\u001b\\link', 'link'],
    ['b\u0008\u0008\r\u009b2J', 'b2J'],
    ['ümlaut 学校', 'ümlaut 学校'],
    ['a\u202egnp.exe', 'a\ufffdgnp.exe'],
    ['zero\u200bwidth\u2066', 'zero\ufffdwidth\ufffd'],
    ['\u{e0041}tag', '\ufffdtag'],
  ])('%j', (text, cleaned) => {
    expect(clean(text)).toBe(cleaned)
  })
  it('is escaped in JSON', () => {
    const value = { name: 'a\u202egnp\u009b2J\u{e0041}\u007f ümlaut 🎉' }
    expect(asJson(value)).not.toMatch(/[\u007f-\u009f\u202e]|\u{e0041}/u)
    expect(asJson(value)).toContain('ümlaut 🎉')
    expect(JSON.parse(asJson(value))).toEqual(value)
  })
  it('of one line stays one', () => {
    expect(cleanLine('a\nb\tc')).toBe('a b c')
  })
})

describe('colours', () => {
  const terminal = { isTTY: true, hasColors: () => true }
  it('are where they are wanted', () => {
    expect(isColoured(terminal, { TERM: 'xterm' })).toBe(true)
    expect(isColoured(terminal, { TERM: 'xterm', NO_COLOR: '1' })).toBe(false)
    expect(isColoured(terminal, { TERM: 'dumb' })).toBe(false)
    expect(isColoured({ ...terminal, isTTY: false }, { TERM: 'xterm' })).toBe(false)
  })
  it('are left out elsewhere', () => {
    expect([painter(true)('red', 'a'), painter(false)('red', 'a')]).toEqual(['\u001b[31ma\u001b[39m', 'a'])
  })
})

it('tables are aligned', () => {
  const columns = [
    { title: 'NAME', text: (it: number) => 'x'.repeat(it) },
    { title: 'N', right: true, text: (it: number) => String(it) },
    { title: 'LAST', text: () => 'z' },
  ]
  expect(table(columns, [1, 12], it => it)).toEqual([
    'NAME           N  LAST',
    'x              1  z',
    'xxxxxxxxxxxx  12  z',
  ])
  expect(
    pairs(
      [
        ['A', '1'],
        ['Long', '2'],
        ['None', undefined],
      ],
      it => it,
    ),
  ).toEqual(['A     1', 'Long  2'])
})

it('a Problem says what, why, what to do, and by which command', () => {
  expect(
    problemLines(
      {
        code: 'infrastructure-stopped',
        message: 'It must run.',
        cause: 'It is down.',
        hint: 'Start it.',
        action: 'start-infrastructure',
        details: 'a\nb',
      },
      painter(false),
    ),
  ).toEqual([
    '✗ It must run. (infrastructure-stopped)',
    '  Cause: It is down.',
    '  Hint: Start it.',
    '  Command: instance-manager infra up',
    '  Details:',
    '    a',
    '    b',
  ])
})

it('a command that needs the workspace’s folder names it', () => {
  const refused = { code: 'image-unavailable', message: 'No image.', action: 'use-embedded' } as const
  expect(problemLines(refused, painter(false), '/srv/my schools')).toContain(
    "  Command: instance-manager init '/srv/my schools' --driver embedded",
  )
  expect(problemLines(refused, painter(false))).toContain(
    '  Command: instance-manager init WORKSPACE --driver embedded',
  )
})

describe('exit codes', () => {
  it('follow the phase', () => {
    expect((['succeeded', 'rolled-back', 'stuck', 'running'] as const).map(exitOfPhase)).toEqual([0, 1, 3, 3])
  })
  it('of many are the gravest', () => {
    expect(worstExit([exitCodes.done, exitCodes.refused, exitCodes.failed])).toBe(1)
    expect(worstExit([exitCodes.failed, exitCodes.stuck])).toBe(3)
    expect(worstExit([])).toBe(0)
  })
  it('follow what was thrown', () => {
    expect(toFailure(new ProblemError({ code: 'name-taken', message: 'Taken.' })).exit).toBe(4)
    expect(toFailure(new ProblemError({ code: 'input', message: 'No.', field: 'director.email' }))).toMatchObject({
      exit: 2,
      problem: { hint: 'Correct --director-email and try again.' },
    })
    expect(toFailure(new Error('a defect'))).toMatchObject({ exit: 1, problem: { code: 'unexpected' } })
  })
})

/** A stream that keeps what it gets. */
function stream(columns: number, isTTY: boolean) {
  const written: string[] = []
  const it = {
    isTTY,
    columns,
    rows: 24,
    on: () => it,
    hasColors: () => false,
    write: (text: string) => {
      written.push(text)
      return true
    },
  }
  return { output: new Output(it as unknown as NodeJS.WriteStream), text: () => written.join('') }
}

const at = new Date().toISOString()
const story: readonly (Entry | Transient)[] = [
  {
    type: 'opened',
    kind: 'start',
    version: 1,
    subject: 'a',
    plan: { target: { name: 'Alpha', port: 5000, cwd: '/a', script: '/a/b.js' }, wanted: false, stopFirst: [] },
    steps: ['start-process', 'verify-health'],
  },
  { type: 'doing', step: 'start-process' },
  { type: 'done', step: 'start-process' },
  { type: 'doing', step: 'verify-health' },
  {
    type: 'progress',
    step: 'verify-health',
    text: 'a very long text that does not fit into the terminal \u001b[2J at all',
  },
  { type: 'turned', reason: 'failed' },
  { type: 'undone', step: 'verify-health' },
  { type: 'undone', step: 'start-process' },
  { type: 'settled', outcome: 'rolled-back' },
]
function tell(to: { event(event: OperationEvent, state: OperationState): void; end(): void }): void {
  let state: OperationState | undefined
  for (const it of story) {
    const event = { id: '1', at, ...it }
    state = fold(state, event)
    to.event(event, state)
  }
  to.end()
}

it('without a terminal a line is told when something has happened', () => {
  const { output, text } = stream(80, false)
  tell(new PlainReporter(output))
  expect(text().split('\n')).toEqual([
    'Starting “Alpha”…',
    expect.stringMatching(/^ {2}✓ Start the application {2}0/),
    '  Failed; undoing.',
    '  ✗ Check that it answers  failed, undone',
    '  ↶ Start the application  undone',
    expect.stringMatching(/^✗ Couldn’t start “Alpha”/),
    '',
  ])
})

it('on a terminal no line is longer than it, nothing of others gets through, and the cursor comes back', () => {
  const { output, text } = stream(40, true)
  tell(new LiveReporter(output))
  expect(text()).not.toContain('\u001b[2J')
  expect(text().endsWith('\u001b[?25h')).toBe(true)
  for (const line of text().split('\n')) expect(clean(line).length).toBeLessThan(40)
})

it('the schema of lines takes what is promised, and nothing else', () => {
  expect(lineSchema.safeParse({ type: 'result', ok: true, exit: 0, data: { a: [1] } }).success).toBe(true)
  for (const wrong of [
    { type: 'result', ok: true, exit: 4 },
    { type: 'result', ok: false, exit: 4 },
    { type: 'result', ok: true, exit: 0, more: 1 },
    { type: 'frob' },
    { type: 'doing', id: 'a', at: 'now', step: 'x' },
  ]) {
    expect(lineSchema.safeParse(wrong).success).toBe(false)
  }
})
