/** Commands on the whole workspace: setup, settings, disk space, operations and served pages. */
import { driverKinds } from '../../../shared/infrastructure'
import type { DoctorOptions } from '../commands/doctor'
import type { InitOptions } from '../commands/init'
import type { Grammar } from '../grammar'
import { oneOf, port } from './values'

export function init(program: Grammar): void {
  program
    .add('init', 'Create a workspace from the sample application, or check one.')
    .argument('[folder]', 'the workspace; by default the current folder')
    .option('--sample', 'create it from the sample application; the folder must be new or empty')
    .option('--driver <kind>', `what runs PostgreSQL and PgBouncer: ${driverKinds.join(', ')}`, oneOf(driverKinds))
    .example('init --sample ~/demo', 'a new workspace with the sample application')
    .example('init /srv/school --driver podman', 'check a workspace with server/ and client/, and choose Podman')
    .does(async (session, options: InitOptions, folder?: string) =>
      (await import('../commands/init')).init(session, options, folder),
    )
}

export function settings(program: Grammar): void {
  const group = program
    .add('settings', 'Show and change the workspace’s settings.')
    .example('settings get', 'all of them')
    .example('settings set ports.firstInstance 5100', 'change one')
  group
    .add('get', 'Show all settings, one section, or one value.')
    .argument('[key]', 'a setting or a section')
    .completes('key', 'setting')
    .example('settings get', 'each value, who set it, and the default')
    .example('settings get logs', 'one section')
    .example('settings get ports.pgbouncer', 'only the value, for scripts')
    .does(async (session, _, key: string | undefined) => (await import('../commands/settings')).get(session, key))
  group
    .add('set', 'Change a setting of this workspace.')
    .argument('<key>', 'a setting')
    .completes('key', 'setting')
    .argument('<value>', 'its new value')
    .example('settings set logs.maxSizeMB 20', 'says when it takes effect')
    .does(async (session, _, key: string, value: string) =>
      (await import('../commands/settings')).set(session, key, value),
    )
  group
    .add('unset', 'Reset a setting to the site’s default or, if there is none, the product’s.')
    .argument('<key>', 'a setting')
    .completes('key', 'setting')
    .example('settings unset logs.maxSizeMB', '50 MB, unless the site has another default')
    .does(async (session, _, key: string) => (await import('../commands/settings')).unset(session, key))
}

export function doctor(program: Grammar): void {
  program
    .add('doctor', 'Check everything that instances need, and fix what is wrong. Exits with 1 if something is wrong.')
    .argument('[name]', 'an instance; all by default')
    .completes('name', 'instance')
    .option('--all', 'also list what is good')
    .option('--fix', 'apply all fixes that are safe, which means that they interrupt nobody')
    .example('doctor', 'what is wrong, why, and how to fix it')
    .example('doctor school --fix', 'one instance')
    .example('doctor --all > report.txt', 'a report without secrets, for a ticket')
    .does(async (session, options: DoctorOptions, name: string | undefined) =>
      (await import('../commands/doctor')).doctor(session, name, options),
    )
}

export function diagnostics(program: Grammar): void {
  program
    .add(
      'diagnostics',
      'Print what someone who helps you needs to know: versions, settings, states, problems. No secrets.',
    )
    .example('diagnostics > diagnostics.json', 'read it before you pass it on: it names your instances')
    .does(async session => (await import('../commands/diagnostics')).diagnostics(session))
}

export function space(program: Grammar): void {
  const group = program
    .add('space', 'Show and free disk space.')
    .example('space status', 'what is free, and what can be freed')
    .example('space free', 'when the disk is full')
  group
    .add('status', 'Show free space, what can be freed, what takes the rest, and how busy the machine is.')
    .example('space status', 'what is free, and what can be freed')
    .does(async session => (await import('../commands/space')).status(session))
  group
    .add(
      'free',
      'Remove what isn’t needed: releases that no instance uses, files of deleted instances, the emergency reserve. PostgreSQL needn’t be running.',
    )
    .option('--logs', 'also older log archives; their lines are lost')
    .example('space free', 'instances keep their files')
    .example('space free --logs', 'also remove older log archives')
    .does(async (session, options: { logs?: boolean }) => (await import('../commands/space')).free(session, options))
}

export function releases(program: Grammar): void {
  const group = program
    .add('releases', 'Show prepared releases of the base application, and remove those that nothing uses.')
    .example('releases list', 'age, size, and which instances use each')
    .example('releases prune', 'keeps the newest, and what instances can be rolled back to')
  group
    .add('list', 'Show releases with their size and the instances that use them, now or as their previous code.')
    .example('releases list', 'newest first')
    .does(async session => (await import('../commands/releases')).list(session))
  group
    .add(
      'prune',
      'Remove releases that nothing uses, except the newest. Instances keep their files, and can still be rolled back.',
    )
    .example('releases prune', 'says how much space it freed')
    .does(async session => (await import('../commands/releases')).prune(session))
}

export function operations(program: Grammar): void {
  program
    .add('operations', 'List current and past operations, or show one with its steps.')
    .argument('[id]', 'an operation')
    .completes('id', 'operation')
    .option('--password', 'print the new director’s password if it hasn’t been shown yet, then forget it')
    .example('operations', 'the newest last')
    .example('operations 20260101T120000000Z-0a1b2c3d', 'its steps, times, and why it failed')
    .does(async (session, options: { password?: boolean }, id: string | undefined) =>
      (await import('../commands/operations')).operations(session, id, options),
    )
}

export function recover(program: Grammar): void {
  program
    .add('recover', 'Decide what happens to an open operation, after a crash or when it is stuck.')
    .argument('<id>', 'an operation')
    .completes('id', 'operation')
    .argument(
      '<how>',
      'resume: continue; roll-back: undo what it did; abandon: give up an operation whose journal is refused',
      oneOf(['resume', 'roll-back', 'abandon']),
    )
    .example('recover 20260101T120000000Z-0a1b2c3d resume', 'continue where it stopped; a stuck step is retried')
    .example('recover 20260101T120000000Z-0a1b2c3d roll-back', 'undo what it did')
    .example(
      'recover 20260101T120000000Z-0a1b2c3d abandon',
      'its journal is set aside; what it had begun stays as it is',
    )
    .does(async (session, _, id: string, how: 'resume' | 'roll-back' | 'abandon') => {
      const commands = await import('../commands/operations')
      return how === 'abandon' ? commands.abandon(session, id) : commands.recover(session, id, how)
    })
}

export function pm2(program: Grammar): void {
  program
    .add('pm2', 'The process manager that runs the instances.')
    .example('pm2 restart', 'after an upgrade')
    .add(
      'restart',
      'Use the PM2 and Node.js of the installed version, e.g. after an upgrade. Running instances restart one after the other; other processes in PM2 restart too.',
    )
    .example('pm2 restart', 'does nothing if PM2 already is the installed version’s')
    .does(async session => (await import('../commands/pm2')).restart(session))
}

export function autostart(program: Grammar): void {
  program
    .add('autostart', 'Start PostgreSQL, PgBouncer and the instances that should be running after a reboot, or don’t.')
    .argument('[what]', 'on, off or status', oneOf(['on', 'off', 'status']), 'status')
    .example('autostart on', 'a systemd unit (yours, or as root the system’s); without systemd, a line in your crontab')
    .example('autostart off', 'removes exactly that; running instances keep running')
    .example('autostart status', 'on, off, or stale and why; exits with 1 if it is stale')
    .does(async (session, _, what: 'on' | 'off' | 'status') =>
      (await import('../commands/autostart')).autostart(session, what),
    )
}

export function serve(program: Grammar): void {
  program
    .add('serve', 'Serve the app to browsers on this machine. Elsewhere, use an SSH tunnel.')
    .option('--port <number>', 'this port only; by default, the first free one from 7600 on', port)
    .option('--detach', 'keep running without this terminal')
    .option('--status', 'show what is being served')
    .option('--link', 'print a new link for a browser; it works once')
    .option('--stop', 'stop serving once running operations have finished')
    .option('--unit', 'print a systemd unit')
    .option('--address <address>', 'serve other machines too, over TLS')
    .option('--certificate <file>', 'certificate (PEM) for the host names in use')
    .option('--key <file>', 'the certificate’s key (PEM)')
    .example('serve', 'until Ctrl+C; prints a link and the tunnel command')
    .example('serve --detach', 'keeps serving after the terminal closes')
    .example('serve --unit > ~/.config/systemd/user/instance-manager.service', 'to start it when the machine boots')
    .does(async (session, options) => (await import('../commands/serve')).serve(session, options))
}
