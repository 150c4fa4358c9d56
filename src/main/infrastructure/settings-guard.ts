/** Refuses changes to the settings of PostgreSQL and PgBouncer that would cut an instance off from its data. */
import { serviceNames, serviceTitle, type ServiceName } from '../../shared/infrastructure'
import { problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import type { Infrastructure } from './infrastructure'
import { serviceOf } from './services'
import type { Wanted } from './wanted'

/** An instance with a database in this workspace. Without ports if its files can't be read. */
export interface ConnectedInstance {
  readonly name: string
  /** The port it listens on. */
  readonly port?: number
  /** The ports it connects to. */
  readonly database?: { readonly port: number; readonly directPort: number }
}

interface GuardServices {
  readonly infrastructure: Pick<Infrastructure, 'kind' | 'found' | 'requireIdle'> & {
    readonly wanted: Pick<Wanted, 'has'>
  }
  readonly instances: () => Promise<readonly ConnectedInstance[]>
}

interface Change {
  readonly service: ServiceName
  readonly of: 'ports' | 'containers'
  /** The setting. */
  readonly key: string
  /** As part of a sentence. */
  readonly words: string
  readonly to: number | string
}

/**
 * For `SettingsFile.guard`. Images need no guard: they take effect the next time a container is created, on the same
 * data.
 * @throws Problems `infrastructure-busy`, `setting-while-running`, `setting-needed`, `input`
 */
export const guardInfrastructure =
  ({ infrastructure, instances }: GuardServices) =>
  async (before: Settings, after: Settings): Promise<void> => {
    const changes = changesOf(before, after)
    if (changes.length === 0) return
    for (const it of changes) requireDifferent(it, after)
    const kind = await infrastructure.kind()
    const relevant = changes.filter(it => it.of === 'ports' || kind !== 'embedded')
    if (relevant.length === 0) return
    infrastructure.requireIdle()
    const [{ services }, connected] = await Promise.all([infrastructure.found(kind), instances()])
    for (const it of relevant) {
      const usable = !unusable.has(services[it.service].problem?.code ?? '')
      requireUnneeded(it, before, connected, usable)
    }
    // A service that should be running but has stopped is about to be restarted.
    const busy = await Promise.all(
      serviceNames.map(async it =>
        services[it].state === 'stopped'
          ? infrastructure.wanted.has(it)
          : ['running', 'starting', 'not-adopted'].includes(services[it].state),
      ),
    )
    for (const { key, words } of busy.includes(true) ? relevant : [])
      throw problem({
        code: 'setting-while-running',
        message: `${words} can’t be changed until the infrastructure is stopped.`,
        hint: 'Stop it, change this, then start it again.',
        field: key,
      })
  }

/** The container isn't this workspace's, or isn't reachable on its port, so it can't hold our data. */
const unusable: ReadonlySet<string> = new Set(['container-of-another-workspace', 'container-port'])

function changesOf(before: Settings, after: Settings): Change[] {
  return serviceNames.flatMap(service =>
    (['ports', 'containers'] as const)
      .filter(of => before[of][service] !== after[of][service])
      .map(of => ({
        service,
        of,
        key: `${of}.${service}`,
        words: of === 'ports' ? `${serviceTitle[service]}’s port` : `The name of ${serviceTitle[service]}’s container`,
        to: after[of][service],
      })),
  )
}

function requireDifferent({ service, of, key, to }: Change, after: Settings): void {
  const other = serviceNames.find(it => it !== service && after[of][it] === to)
  if (other === undefined) return
  throw problem({
    code: 'input',
    message: `${serviceTitle[other]} already has this ${of === 'ports' ? 'port' : 'name'}.`,
    field: key,
    hint: 'Choose another.',
  })
}

/** Refuses to change what instances need: their `.env` names the port; their databases are in PostgreSQL's container. */
function requireUnneeded(
  { service, of, key, words, to }: Change,
  before: Settings,
  instances: readonly ConnectedInstance[],
  usable: boolean,
): void {
  const holder = of === 'ports' && instances.find(it => it.port === to)
  if (holder)
    throw problem({
      code: 'input',
      message: `“${holder.name}” already has port ${to}.`,
      field: key,
      hint: 'Choose another.',
    })
  const needing = instances.filter(({ database }) =>
    of === 'containers'
      ? serviceOf(service).container.data !== undefined && usable
      : !database || [database.port, database.directPort].includes(before.ports[service]),
  )
  if (needing.length === 0) return
  throw problem({
    code: 'setting-needed',
    message: `${words} can’t be changed: instances need it.`,
    cause:
      of === 'containers'
        ? `Their databases are in this container: ${namesOf(needing)}.`
        : `They connect to port ${before.ports[service]}: ${namesOf(needing)}.`,
    hint: 'Delete these instances first, or use another workspace.',
    field: key,
  })
}

const namesOf = (instances: readonly ConnectedInstance[]): string =>
  instances.length > 5
    ? `${namesOf(instances.slice(0, 4))} and ${instances.length - 4} more`
    : instances.map(it => `“${it.name}”${it.database ? '' : ' (its files can’t be read)'}`).join(', ')
