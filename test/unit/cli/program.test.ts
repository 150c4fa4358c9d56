/** The command line's definitions: they parse what they show, say all, and the generated documentation is current. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { documentation } from '../../../src/main/cli/docs'
import { manual } from '../../../src/main/cli/docs-man'
import { settingsDocumentation } from '../../../src/main/cli/docs-settings'
import { isHidden, type Grammar, type Perform } from '../../../src/main/cli/grammar'
import { buildProgram } from '../../../src/main/cli/program'

const program = (args: readonly string[] = [], perform: Perform = () => Promise.resolve()): Promise<Grammar> =>
  buildProgram(args, { version: '1.2.3', perform, write: () => undefined, writeError: () => undefined })
const all = (command: Grammar): Grammar[] => [command, ...command.children.filter(it => !isHidden(it)).flatMap(all)]
const whole = await program()
const shown = all(whole)

it.each([
  ['cli', () => documentation(whole)],
  ['settings', settingsDocumentation],
])('docs/%s.md is current (its first line says how to generate it)', async (page, generate) => {
  expect(await readFile(join(import.meta.dirname, `../../../docs/${page}.md`), 'utf8')).toBe(`${generate()}\n`)
})

it('the manual page has every command, and no line that roff takes for a macro', () => {
  const lines = manual(whole).split('\n')
  const leaves = shown.filter(it => it.children.length === 0 && it !== whole)
  expect(lines.filter(it => it.startsWith('.SS'))).toHaveLength(leaves.length)
  const macros = new Set(lines.filter(it => /^[.']/.test(it)).map(it => it.split(' ')[0]))
  expect(macros).toEqual(new Set(['.B', '.PP', '.SH', '.SS', '.TH', '.TP', '.br']))
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
      const performed: string[] = []
      const words = (line.match(/"[^"]*"|\S+/g) ?? []).map(it => it.replaceAll('"', ''))
      const made = await program(words, command => {
        performed.push(command)
        return Promise.resolve()
      })
      await made.parseAsync(words, { from: 'user' })
      expect(performed).toHaveLength(1)
      expect(line.startsWith(performed[0] || 'unnamed')).toBe(true) // for whoever finds the workspace in use
    },
  )

  it('is there for all that the windows offer', () => {
    expect(whole.children.filter(it => !isHidden(it)).map(it => it.name())).toEqual(
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
        'autostart',
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
  for (const args of [
    ['--json', '-w', '/a', 'list'],
    ['infra', 'status', '--json', '--workspace', '/a'],
    ['start', '--all', '--json', '-w', '/a'],
  ]) {
    const made = await program(args, (_, options) => {
      given.push(options)
      return Promise.resolve()
    })
    await made.parseAsync(args, { from: 'user' })
  }
  expect(given).toMatchObject(Array.from({ length: 3 }, () => ({ json: true, workspace: '/a' })))
})

describe('the commands of jobs are defined', () => {
  const defined = async (line: string): Promise<string[]> =>
    (await program(line.split(' '))).children.map(it => it.name())

  it.each([
    'start status',
    '-w list start school',
    '--help',
    '--nonsense status',
    'nonsense',
    '__complete -- start',
    '__docs',
  ])('for “%s”, among all', async line => {
    expect(await defined(line)).toEqual(whole.children.map(it => it.name()))
  })

  it.each(['status', '-w start status', 'list --help', 'infra restart'])('not for “%s”', async line => {
    expect(await defined(line)).not.toContain('start')
  })
})

it('times since are durations or dates', async () => {
  const parsed = async (text: string): Promise<number> => {
    const made = await program(['logs'])
    await made.parseAsync(['logs', 'a', '--since', text], { from: 'user' })
    return made.children.find(it => it.name() === 'logs')?.opts<{ since: number }>().since ?? NaN
  }
  expect(Math.abs(Date.now() - 600_000 - (await parsed('10m')))).toBeLessThan(60_000)
  expect(await parsed('2026-01-31T12:00:00Z')).toBe(Date.UTC(2026, 0, 31, 12))
  await expect(parsed('10 minutes ago')).rejects.toMatchObject({
    problem: { code: 'usage', message: expect.stringContaining('“10 minutes ago”') as string },
  })
})

it('ls and ps list, and help shows the help of a command', async () => {
  for (const alias of ['ls', 'ps']) {
    let performed = 0
    const made = await program([alias], () => {
      performed++
      return Promise.resolve()
    })
    await made.parseAsync([alias], { from: 'user' })
    expect(performed).toBe(1)
    expect(made.children.map(it => it.name())).not.toContain('start')
  }
  let printed = ''
  const made = await buildProgram(['help', 'rebuild'], {
    version: '1',
    perform: () => Promise.resolve(),
    write: text => (printed += text),
    writeError: () => undefined,
  })
  await expect(made.parseAsync(['help', 'rebuild'], { from: 'user' })).rejects.toMatchObject({ exitCode: 0 })
  expect(printed).toContain('Usage: instance-manager rebuild')
})

it.each([
  ['create', '<name>, --director-name <name>, --director-email <address>'],
  ['create school --director-name Ada', '--director-email <address>'],
  ['port', '<name>, <port>'],
  ['port school', '<port>'],
])('“%s” is told all that is missing', async (line, missing) => {
  const words = line.split(' ')
  const made = await program(words)
  await expect(made.parseAsync(words, { from: 'user' })).rejects.toThrow(`Missing: ${missing}.`)
})
