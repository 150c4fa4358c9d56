/** The checks of what the instances share. */
import { bytes } from '../../shared/amounts'
import { serviceTitle, stateWords, type InfrastructureStatus, type ServiceName } from '../../shared/infrastructure'
import { outdatedWords } from '../../shared/outdated-pm2'
import { infrastructureStartJob } from '../../shared/jobs/infrastructure'
import { processManagerJob } from '../../shared/jobs/process-manager'
import { isLow } from '../../shared/space'
import type { FileMode, SharedFacts } from './facts'
import { good, judging, unchecked, wrong, type Check } from './verdicts'

const startInfrastructure = {
  label: 'Start the infrastructure',
  request: { kind: infrastructureStartJob.kind },
} as const

const runs = (name: ServiceName) =>
  judging(
    (facts: SharedFacts) => facts.infrastructure,
    (status: InfrastructureStatus) => {
      const service = status[name]
      if (service.state === 'running') return good
      if (service.state === 'unavailable') return undefined // instances then use PostgreSQL directly
      if (service.state === 'starting' || service.state === 'stopping') return unchecked(`It is ${service.state}.`)
      const why = service.problem ? ` ${service.problem.message} ${service.problem.cause ?? ''}` : ''
      return wrong(`${serviceTitle[name]} isn’t running: ${stateWords(service)}.${why}`.trimEnd(), {
        hint: service.problem?.hint,
        fix: startInfrastructure,
      })
    },
  )

export const sharedChecks: readonly Check<SharedFacts>[] = [
  {
    id: 'daemon',
    judge: ({ listed }) =>
      'value' in listed ? good : wrong(listed.unknown, { hint: 'Run “pm2 ping” and see PM2’s log.' }),
  },
  {
    id: 'daemon-version',
    judge: judging(
      facts => facts.outdatedPm2,
      outdated =>
        outdated
          ? wrong(outdatedWords(outdated), {
              fix: {
                label: 'Restart the process manager',
                request: { kind: processManagerJob.kind },
                warning: 'Running instances restart, one after the other.',
              },
            })
          : good,
    ),
  },
  {
    id: 'node',
    judge({ node: { path, version, fits, required, unusable } }) {
      if (unusable !== undefined)
        return wrong(`${unusable}, chosen in the settings, can’t be used. ${path} (${version}) is used instead.`, {
          hint: 'It must be Node.js 20.19 or newer. Change it under Settings, or run “instance-manager settings set node.path PATH”.',
        })
      return fits
        ? good
        : wrong(`The application requires Node.js ${required}, but ${path} is ${version}.`, {
            hint: 'Install one of those versions, and choose it under Settings, or run “instance-manager settings set node.path PATH”.',
          })
    },
  },
  { id: 'postgres', judge: runs('postgres') },
  { id: 'pgbouncer', judge: runs('pgbouncer') },
  {
    id: 'disk',
    judge: judging(
      facts => facts.disk,
      disk =>
        isLow(disk)
          ? wrong(`Only ${bytes(disk.free)} of ${bytes(disk.total)} is free at ${disk.path}.`, {
              hint: 'A full disk stops PostgreSQL, and every instance with it. See Settings for what can be freed, or run “instance-manager space free”.',
            })
          : good,
    ),
  },
  {
    id: 'private',
    judge: judging(
      facts => facts.files,
      files => {
        const open = tooOpen(files)
        return open.length === 0
          ? good
          : wrong(`Other users can read or change ${describeModes(open)}.`, {
              hint: 'In the workspace’s folder, run “chmod 700 .instance-manager” and “chmod 600 .instance-manager/secrets.json”.',
            })
      },
    ),
  },
]

/** Files with more permissions than they may have. */
export const tooOpen = (files: readonly FileMode[]): FileMode[] => files.filter(it => (it.mode & ~it.allowed) !== 0)

/** e.g. “config.json (0644) and .env (0666)”. */
export const describeModes = (files: readonly FileMode[]): string =>
  files.map(({ name, mode }) => `${name} (0${mode.toString(8).padStart(3, '0')})`).join(', ')
