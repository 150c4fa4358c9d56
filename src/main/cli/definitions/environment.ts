/** `env`: the environment of an instance. */
import type { EnvironmentAction, EnvironmentOptions } from '../commands/environment'
import type { Grammar } from '../grammar'
import { oneOf, repeated } from './values'

export function environment(program: Grammar): void {
  program
    .add(
      'env',
      'Show or change the variables in an instance’s .env. Without an action: list them, with possible secrets hidden.',
    )
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .argument(
      '[action]',
      'get: print a value; set: add or change variables; unset: remove them; undo: put back what the last change replaced',
      oneOf(['get', 'set', 'unset', 'undo']),
    )
    .argument(
      '[variable...]',
      'for get: a name; for set: NAME=VALUE, or one NAME, whose value is asked for or read from standard input; for unset: names',
    )
    .option('--restart', 'restart it if it is running; restore the old values if it isn’t healthy afterwards')
    .option('--also <name>', 'make the same change in this instance; may be repeated', repeated)
    .option('--all', 'make the same change in all other instances')
    .example('env school', 'names and values; possible secrets are hidden')
    .example('env school set SMTP_HOST=mail.example SMTP_PORT=587', 'takes effect with the next restart')
    .example('env school set SMTP_PASSWORD --restart < password.txt', 'a secret, kept out of the arguments')
    .example('env school get SMTP_PASSWORD', 'print the value, hidden or not')
    .example('env school unset SMTP_HOST SMTP_PORT --all', 'in every instance')
    .example('env school undo --restart', 'the values from before the last change')
    .does(
      async (
        session,
        options: EnvironmentOptions,
        name: string,
        action: EnvironmentAction | undefined,
        variables: string[],
      ) => (await import('../commands/environment')).environment(session, name, action, variables, options),
    )
}
