/** Commands that create or remove instances. */
import { creationColumns, hosts } from '../../../shared/instance'
import { adoptJob, createJob, createManyJob } from '../../../shared/jobs/create'
import { deleteJob, leftoversJob } from '../../../shared/jobs/delete'
import type { AdoptOptions } from '../commands/adopt'
import type { CreateOptions } from '../commands/create'
import type { CreateManyOptions } from '../commands/create-many'
import type { Grammar } from '../grammar'
import { oneOf, port } from './values'

/** Options of every way to create instances. */
const forCreating = (command: Grammar): Grammar =>
  command
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

export function create(program: Grammar): void {
  const command = program
    .add(createJob.kind, 'Create an instance: files, database, director, process.')
    .argument('<name>', 'letters, digits, hyphens and underscores')
    .option('--port <number|auto>', 'the port', text => (text === 'auto' ? text : port(text)), 'auto')
    .requiredOption('--director-name <name>', 'the administrator’s name')
    .requiredOption('--director-email <address>', 'the administrator’s email address')
    .option('--director-password-stdin', 'read the password from standard input, its first line')
    .option('--generate-password', 'generate a password and print it once')
    .option('--allow-shared-port', 'share another instance’s port; only one of them can run at a time')
  forCreating(command)
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

export function createMany(program: Grammar): void {
  const command = program
    .add(createManyJob.kind, 'Create several instances from a CSV file.')
    .argument(
      '<file>',
      `with the columns ${creationColumns.join(', ')} (port and password may be empty); “-”: standard input`,
    )
    .option('--dry-run', 'only check every row')
  forCreating(command)
    .example(`${createManyJob.kind} schools.csv --dry-run`, 'what is wrong, row by row')
    .example(
      `${createManyJob.kind} schools.csv`,
      'two at a time; nothing is created if any row is wrong. Passwords are printed once',
    )
    .does(async (session, options: CreateManyOptions, file: string) =>
      (await import('../commands/create-many')).createMany(session, file, options),
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

export function remove(program: Grammar): void {
  program
    .add(deleteJob.kind, 'Delete instances: process, files, uploads, database, logs.')
    .argument('<name...>', 'instances')
    .completes('name', 'instance')
    .option('--confirm <names>', 'the names once more, separated by commas; required without a terminal')
    .example('delete school', 'lists what will be deleted, and asks')
    .example('delete school --confirm school', 'in a script')
    .example('delete spring autumn --confirm spring,autumn', 'several')
    .does(async (session, options: { confirm?: string }, names: string[]) =>
      (await import('../commands/delete')).remove(session, names, options),
    )
}

export function removeLeftovers(program: Grammar): void {
  program
    .add(leftoversJob.kind, 'Remove the leftovers of a half-created instance: folder, database, role, process, logs.')
    .argument('<name>', 'the folder in instances/, or the instance’s intended name')
    .option('--confirm <name>', 'the name once more; required without a terminal')
    .example('remove-leftovers school', 'lists what will be deleted and what stays, and asks')
    .example('remove-leftovers school --confirm school', 'in a script')
    .does(async (session, options: { confirm?: string }, name: string) =>
      (await import('../commands/delete')).removeLeftovers(session, name, options),
    )
}
