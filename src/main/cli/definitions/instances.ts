/** Commands that create, show or remove instances: create, adopt, list, status, logs, delete. */
import { hosts } from '../../../shared/instance'
import { adoptJob, createJob } from '../../../shared/jobs/create'
import { deleteJob, deleteWord, leftoversJob } from '../../../shared/jobs/delete'
import type { AdoptOptions } from '../commands/adopt'
import type { CreateOptions } from '../commands/create'
import type { LogOptions } from '../commands/logs'
import type { Grammar } from '../grammar'
import { lineCount, oneOf, port, since } from './values'

export function create(program: Grammar): void {
  program
    .add(createJob.kind, 'Create an instance: files, database, director, process.')
    .argument('<name>', 'letters, digits, hyphens and underscores')
    .option('--port <number|auto>', 'the port', text => (text === 'auto' ? text : port(text)), 'auto')
    .requiredOption('--director-name <name>', 'the administrator’s name')
    .requiredOption('--director-email <address>', 'the administrator’s email address')
    .option('--director-password-stdin', 'read the password from standard input, its first line')
    .option('--generate-password', 'generate a password and print it once')
    .option('--allow-shared-port', 'share another instance’s port; only one of them can run at a time')
    .option(
      '--jwt-secret <from>',
      'generate: its own; base: the base application’s, so tokens are valid on every instance that shares it',
      oneOf(['generate', 'base']),
      'generate',
    )
    .option(
      '--host <address>',
      'where to listen: 0.0.0.0, all addresses of this machine (default), or 127.0.0.1, this machine only, e.g. behind a reverse proxy',
      oneOf(hosts),
    )
    .option('--system-user', 'run it as its own system user, so it can’t read other instances’ files; requires root')
    .option(
      '--npm-install',
      'install packages with npm install instead of npm ci, if package-lock.json doesn’t match package.json',
    )
    .example(
      'create school --director-name "Ada Lovelace" --director-email ada@school.example --generate-password',
      'the password is printed once',
    )
    .example(
      'create school --port 5010 --director-name Ada --director-email ada@school.example --director-password-stdin < password.txt',
      'your own password, kept out of the arguments',
    )
    .does(async (session, options: CreateOptions, name: string) =>
      (await import('../commands/create')).create(session, options, name),
    )
}

export function adopt(program: Grammar): void {
  program
    .add(
      adoptJob.kind,
      'Give a copied instance its own name, empty database, port and secrets. Files and uploads stay.',
    )
    .argument('<name>', 'the copy')
    .completes('name', 'instance')
    .option('--as <name>', 'the new name; by default its current one if that is free, otherwise a generated one')
    .requiredOption('--director-name <name>', 'the administrator’s name: the database starts empty')
    .requiredOption('--director-email <address>', 'the administrator’s email address')
    .option('--director-password-stdin', 'read the password from standard input, its first line')
    .option('--generate-password', 'generate a password and print it once')
    .example(
      'adopt school --as school-test --director-name "Ada" --director-email ada@school.example --generate-password',
      'the original isn’t touched',
    )
    .does(async (session, options: AdoptOptions, name: string) =>
      (await import('../commands/adopt')).adopt(session, options, name),
    )
}

export function list(program: Grammar): void {
  program
    .add('list', 'All instances, with their status.')
    .example('list', 'a table')
    .example('list --json', 'for scripts: the result’s data has the instances')
    .does(async session => (await import('../commands/list')).list(session))
}

export function status(program: Grammar): void {
  program
    .add('status', 'The workspace as a whole, or one instance in full.')
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
    .option('-n, --lines <number>', 'how many of the last lines; 100 by default, all with --since', lineCount)
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

export function remove(program: Grammar): void {
  program
    .add(deleteJob.kind, 'Delete an instance: process, files, uploads, database, logs.')
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .option('--confirm <word>', `must be ${deleteWord}; required without a terminal`)
    .example('delete school', 'lists what will be deleted, and asks')
    .example(`delete school --confirm ${deleteWord}`, 'in a script')
    .does(async (session, options: { confirm?: string }, name: string) =>
      (await import('../commands/delete')).remove(session, name, options),
    )
}

export function removeLeftovers(program: Grammar): void {
  program
    .add(leftoversJob.kind, 'Remove the leftovers of a half-created instance: folder, database, role, process, logs.')
    .argument('<name>', 'the folder in instances/, or the instance’s intended name')
    .option('--confirm <word>', `must be ${deleteWord}; required without a terminal`)
    .example('remove-leftovers school', 'lists what will be deleted and what stays, and asks')
    .example(`remove-leftovers school --confirm ${deleteWord}`, 'in a script')
    .does(async (session, options: { confirm?: string }, name: string) =>
      (await import('../commands/delete')).removeLeftovers(session, name, options),
    )
}
