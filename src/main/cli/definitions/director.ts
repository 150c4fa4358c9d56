/** `director`: a new password, name or email address for an instance's director. */
import type { DirectorOptions } from '../commands/director'
import type { Grammar } from '../grammar'

export function director(program: Grammar): void {
  program
    .add('director', 'Reset the director’s password, or change the name or email address.')
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .option('--account <address>', 'which director, by email address; needed only if there are several')
    .option(
      '--password-stdin',
      'read the new password from standard input, its first line; by default, one is generated',
    )
    .option('--keep-password', 'leave the password as it is')
    .option('--new-name <name>', 'a new name')
    .option('--new-email <address>', 'a new email address')
    .example('director school', 'a new password, printed once')
    .example(
      'director school --new-email ada@school.example --keep-password',
      'the director signs in with it from now on',
    )
    .example('director school --password-stdin < password.txt', 'your own password, kept out of the arguments')
    .does(async (session, options: DirectorOptions, name: string) =>
      (await import('../commands/director')).director(session, name, options),
    )
}
