/** Commands that show instances. */
import type { LogOptions } from '../commands/logs'
import type { Grammar } from '../grammar'
import { lineCount, since } from './values'

export function list(program: Grammar): void {
  program
    .add('list', 'List all instances with their status.')
    .aliases(['ls', 'ps'])
    .example('list', 'a table')
    .option('--csv', 'as a CSV file, for a spreadsheet')
    .example('list --csv > instances.csv', 'the whole table, in a file')
    .example('list --json', 'for scripts: the result’s data has the instances')
    .does(async (session, options: { csv?: boolean }) => (await import('../commands/list')).list(session, options))
}

export function status(program: Grammar): void {
  program
    .add('status', 'Show the workspace as a whole, or one instance in full.')
    .argument('[name]', 'an instance')
    .completes('name', 'instance')
    .example('status', 'infrastructure, instances, open operations')
    .example('status school', 'one instance: paths, database, process')
    .does(async (session, _, name: string | undefined) => (await import('../commands/status')).status(session, name))
}

export function logs(program: Grammar): void {
  program
    .add('logs', 'Show the end of an instance’s log, search it, follow it, or save it to a file.')
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .option(
      '-n, --lines <number>',
      'how many of the last lines, or errors with --errors; 100 by default, all with --since',
      lineCount,
    )
    .option('--errors', 'only errors, with their stack traces')
    .option('--since <time>', 'only lines since a time: 30s, 10m, 2h or 7d ago, or e.g. 2026-01-31T12:00', since)
    .option('--grep <text>', 'only lines that contain this text')
    .option('-i, --ignore-case', '--grep ignores case')
    .option('-f, --follow', 'show new lines, until Ctrl+C')
    .option('--save <file>', 'write all matching lines to a file')
    .option('--force', 'replace the file if it exists')
    .example('logs school --errors --since 2h', 'recent errors')
    .example('logs school --grep timeout -i --follow', 'wait for matching lines')
    .example('logs school --save school.log', 'the whole log, in a file')
    .does(async (session, options: LogOptions, name: string) =>
      (await import('../commands/logs')).logs(session, { kind: 'instance', name, stream: 'both' }, options),
    )
}
