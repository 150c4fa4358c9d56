/** The command line's definitions: they parse what they show, say all, and docs/cli.md is made of them. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { documentation } from '../../../src/main/cli/docs'
import { isHidden, type Grammar } from '../../../src/main/cli/grammar'
import { buildProgram } from '../../../src/main/cli/program'

const program = (performed: () => void = () => undefined): Grammar => {
  const made = buildProgram('1.2.3', () => {
    performed()
    return Promise.resolve()
  })
  for (const it of all(made))
    it.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined })
  return made
}
const all = (command: Grammar): Grammar[] => [command, ...command.children.filter(it => !isHidden(it)).flatMap(all)]
const shown = all(program())

it('docs/cli.md is what the definitions say (npm run -s cli -- __docs > docs/cli.md)', async () => {
  expect(await readFile(join(resolve(import.meta.dirname, '../../..'), 'docs/cli.md'), 'utf8')).toBe(
    `${documentation(program())}\n`,
  )
})

describe('every command', () => {
  it.each(shown.map(it => [it.name(), it] as const))(
    '%s has a description, an example, and says what its arguments and options are',
    (_, command) => {
      expect(command.description()).toMatch(/\.$/)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const it of [...command.registeredArguments, ...command.options]) expect(it.description).not.toBe('')
    },
  )

  it.each(shown.flatMap(it => it.examples.map(example => example.command)))(
    'its example is understood: %s',
    async example => {
      const [line = ''] = example.split(/ (?:[<>]|&&) /)
      let performed = 0
      const words = (line.match(/"[^"]*"|\S+/g) ?? []).map(it => it.replaceAll('"', ''))
      await program(() => {
        performed++
      }).parseAsync(words, { from: 'user' })
      expect(performed).toBe(1)
    },
  )

  it('is there for all that the windows offer', () => {
    expect(
      program()
        .children.filter(it => !isHidden(it))
        .map(it => it.name()),
    ).toEqual(
      expect.arrayContaining([
        'init',
        'infra',
        'create',
        'list',
        'status',
        'start',
        'stop',
        'restart',
        'resurrect',
        'port',
        'delete',
        'logs',
        'operations',
        'recover',
        'settings',
        'serve',
        'completion',
      ]),
    )
  })
})

it('global options are understood before and after the command', async () => {
  const given: unknown[] = []
  const made = buildProgram('1', options => {
    given.push(options)
    return Promise.resolve()
  })
  await made.parseAsync(['--json', '-w', '/a', 'list'], { from: 'user' })
  await made.parseAsync(['infra', 'status', '--json', '--workspace', '/a'], { from: 'user' })
  expect(given).toEqual([
    { json: true, workspace: '/a' },
    { json: true, workspace: '/a' },
  ])
})

it('times since are durations or dates', async () => {
  const parsed = async (text: string): Promise<number> => {
    const made = program()
    await made.parseAsync(['logs', 'a', '--since', text], { from: 'user' })
    return made.children.find(it => it.name() === 'logs')?.opts<{ since: number }>().since ?? NaN
  }
  expect(Math.abs(Date.now() - 600_000 - (await parsed('10m')))).toBeLessThan(60_000)
  expect(await parsed('2026-01-31T12:00:00Z')).toBe(Date.UTC(2026, 0, 31, 12))
  await expect(parsed('10 minutes ago')).rejects.toMatchObject({ code: 'commander.invalidArgument' })
})
