/** Generates the manual page from the definitions that the parser uses, in roff's man macros. */
import { uncapital } from '../../shared/amounts'
import { exitMeanings, introduction, synopsis, variables, visible } from './docs'
import { programName, type Grammar } from './grammar'

export function manual(program: Grammar): string {
  return [
    `.TH ${programName.toUpperCase()} 1 "" "${escaped(program.version() ?? '')}" "User Commands"`,
    '.SH NAME',
    text(`${programName} - ${uncapital(program.description()).replace(/\.$/, '')}`),
    '.SH SYNOPSIS',
    `.B ${escaped(programName)}`,
    '.br',
    `.B ${escaped(programName)}`,
    text('[--workspace DIR] [--json] COMMAND [ARGUMENTS]'),
    '.SH DESCRIPTION',
    text('Without arguments: opens the window, or prints the help if there is no display.'),
    ...introduction.split('\n').map(text),
    '.SH OPTIONS',
    ...options(program),
    '.SH COMMANDS',
    ...visible(program).flatMap(it => section(it, programName)),
    '.SH EXIT STATUS',
    ...exitMeanings.flatMap(([code, meaning]) => item(String(code), meaning)),
    '.SH ENVIRONMENT',
    ...variables.flatMap(([name, meaning]) => item(name, meaning)),
  ].join('\n')
}

function section(command: Grammar, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const children = visible(command)
  if (children.length > 0) return children.flatMap(it => section(it, name))
  return [
    `.SS "${escaped(synopsis(command, name).slice(programName.length + 1))}"`,
    text(command.description()),
    ...command.registeredArguments.flatMap(it => item(it.name(), it.description)),
    ...options(command),
    ...command.examples.flatMap(it => [
      '.PP',
      text(`${it.text}:`),
      '.br',
      `.B ${escaped(`${programName} ${it.command}`)}`,
    ]),
  ]
}

const options = (command: Grammar): string[] => command.options.flatMap(it => item(it.flags, it.description))

const item = (term: string, meaning: string): string[] => ['.TP', `.B ${escaped(term)}`, text(meaning)]

/** One line of running text. A leading dot or quote would be a macro. */
const text = (line: string): string => escaped(line.replaceAll('`', '').replaceAll('**', '')).replace(/^[.']/, '\\&$&')

/** A plain hyphen would become a dash, which can't be pasted into a shell. */
const escaped = (line: string): string => line.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq')
