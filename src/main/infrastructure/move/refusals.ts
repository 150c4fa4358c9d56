/** Why PostgreSQL can’t be moved yet, in problems. */
import { bytes, enumerate } from '../../../shared/amounts'
import { driverTitle, type DriverKind } from '../../../shared/infrastructure'
import type { MoveSide } from '../../../shared/jobs/move'
import { problem, type Problem } from '../../../shared/problem'
import type { AdoptedService } from '../drivers/driver'
import type { Service } from '../services/service'
import type { Unmovable } from './facts'
import { weakRulesWarning } from '../services/postgres'

export const same = ({ driver, image }: MoveSide) =>
  problem({
    code: 'move-same',
    message: `PostgreSQL already runs under ${driverTitle[driver]}${driver === 'embedded' ? '' : `, from ${image}`}.`,
    hint:
      driver === 'embedded'
        ? 'Choose another driver.'
        : `Choose another driver, or another image. If ${image} has a newer minor version, pull it (“${driver} pull ${image}”), and restart PostgreSQL.`,
  })

export const softRules = (rules: readonly string[]): Problem[] =>
  rules.length === 0
    ? []
    : [
        {
          ...weakRulesWarning(rules),
          hint: 'Harden it first. Passwords aren’t checked now, so some may be wrong.',
        },
      ]

export function unmovableProblem(found: readonly Unmovable[]): Problem {
  const fixable = found.filter(it => it.fix !== undefined)
  const commands = [...new Set(fixable.map(it => it.database))].flatMap(database => [
    `\\connect ${database}`,
    ...fixable.filter(it => it.database === database).map(it => it.fix),
  ])
  return {
    code: 'move-unmovable',
    message: `PostgreSQL contains something that can’t be moved: ${enumerate(found.map(it => it.what))}.`,
    cause: 'A move copies only the databases of ordinary roles, with what each database’s owner owns in it.',
    hint:
      fixable.length === found.length
        ? 'Remove what isn’t needed, and give the rest to the owner of its database: run the commands under Details in psql, as a superuser.'
        : 'Remove what isn’t needed, give databases and objects to an ordinary role (ALTER … OWNER TO), and move the rest by hand.',
    ...(commands.length > 0 && { details: commands.join('\n') }),
  }
}

export const foreign = (names: readonly string[]): Problem => ({
  code: 'move-elsewhere',
  message: `Another workspace uses this PostgreSQL: ${enumerate(names)}.`,
  cause: 'Its instances would still log in to the old one.',
  hint: 'Move its instances to a PostgreSQL of their own first. If that workspace is gone, drop its databases.',
})

export const formerKept = (driver: DriverKind): Problem => ({
  code: 'former-kept',
  message: `The PostgreSQL from before the last move is still kept (${driverTitle[driver]}).`,
  cause: 'Only one is kept, so that it is clear which one to go back to.',
  hint: 'Remove it first: “instance-manager infra remove-old”.',
})

export const noPooler = (names: readonly string[]): Problem => ({
  code: 'pgbouncer-missing',
  message: `There would be no PgBouncer for ${enumerate(names)}.`,
  cause: 'The embedded driver uses the system’s PgBouncer, which isn’t installed.',
  hint: 'Install it, then try again: “sudo apt-get install pgbouncer” (Debian, Ubuntu) or “sudo dnf install pgbouncer” (Fedora).',
})

export const wrongAddress = (names: readonly string[]): Problem => ({
  code: 'move-address',
  message: `${enumerate(names)} would lose access to the database, which won’t be reachable at [::1].`,
  hint: 'Replace [::1] with 127.0.0.1 in its .env, then restart it.',
})

/** A container that is left behind must stay, stopped: as the way back, for undo, and because the new one has its port. */
export function unkept({ title }: Service, { passing, startsAtBoot }: AdoptedService): Problem[] {
  const because = (cause: string, hint: string): Problem[] => [
    { code: 'move-container', message: `${title}’s container can’t be stopped and kept.`, cause, hint },
  ]
  if (passing === 'removed-at-stop')
    return because(
      'It was created with --rm, so it is removed as soon as it stops, and its data may be removed with it.',
      'Create it again without --rm over the same data, then move it.',
    )
  if (passing)
    return because(
      `The systemd unit ${passing.unit} runs it, and could start it again on the port of the new one.`,
      'Disable and stop the unit, create the container without it over the same data, then move it.',
    )
  if (startsAtBoot)
    return because(
      'It was created with --restart always, so it would start again at the next boot, on the port of the new one.',
      'Change that (“docker update --restart unless-stopped NAME”; with an older Podman, recreate it using its original data), then move it.',
    )
  return []
}

/** Usable space for the new PostgreSQL. */
export interface Room {
  readonly folder: string
  /** Bytes. */
  readonly free: number
}

/** How much larger than the original a copy can be: it has its own write-ahead log. */
const growth = 1.2

/** @param size of all databases, in bytes @param room on the disk of the new ones, if known */
export function noRoom(size: number, room: Room | undefined): Problem[] {
  const needed = Math.ceil(size * growth)
  if (!room || room.free >= needed) return []
  return [
    {
      code: 'disk-space',
      message: 'There isn’t enough disk space for a second PostgreSQL.',
      cause: `The databases take ${bytes(size)}, and their copies up to ${bytes(needed)}. ${bytes(room.free)} is available at ${room.folder}.`,
      hint: `Free ${bytes(needed - room.free)} there, then try again.`,
      action: 'free-space',
    },
  ]
}
