/** Operations and their steps in plain English. A kind or step that is not listed is shown by its own name. */
import { count } from './amounts'
import { instanceOf, manyPlanSchema, resultsOf } from './many'
import { isOpen, waitsForInfrastructure, type Json, type OperationState } from './operation'

interface KindTitle {
  readonly noun: string
  readonly running: string
  readonly done: string
  readonly failed: string
}

const kinds: Readonly<Record<string, (subject: string, plan: Json, operation: OperationState) => KindTitle>> = {
  create: (name, plan) => ({
    noun: `Create ‘${name}’`,
    running: `Creating ‘${name}’`,
    done: of(plan, 'heldBy') === undefined ? `‘${name}’ is ready` : `‘${name}’ was created but isn’t running`,
    failed: `‘${name}’ was not created`,
  }),
  start: name => ({
    noun: `Start ‘${name}’`,
    running: `Starting ‘${name}’`,
    done: `‘${name}’ is running`,
    failed: `‘${name}’ was not started`,
  }),
  stop: name => ({
    noun: `Stop ‘${name}’`,
    running: `Stopping ‘${name}’`,
    done: `‘${name}’ is stopped`,
    failed: `‘${name}’ was not stopped`,
  }),
  restart: name => ({
    noun: `Restart ‘${name}’`,
    running: `Restarting ‘${name}’`,
    done: `‘${name}’ was restarted`,
    failed: `‘${name}’ was not restarted`,
  }),
  'change-port': (name, plan) => {
    const port = of(plan, 'port')
    const to = typeof port === 'number' ? ` to ${port}` : ''
    return {
      noun: `Change the port of ‘${name}’${to}`,
      running: `Changing the port of ‘${name}’${to}`,
      done: `‘${name}’ was moved${to || ' to its new port'}`,
      failed: `‘${name}’ kept its port`,
    }
  },
  delete: name => ({
    noun: `Delete ‘${name}’`,
    running: `Deleting ‘${name}’`,
    done: `‘${name}’ is deleted`,
    failed: `‘${name}’ was not deleted`,
  }),
  isolate: name => ({
    noun: `Give “${name}” its own system user`,
    running: `Giving “${name}” its own system user`,
    done: `“${name}” runs as its own system user`,
    failed: `“${name}” runs as before`,
  }),
  unisolate: name => ({
    noun: `Take away the system user of “${name}”`,
    running: `Taking away the system user of “${name}”`,
    done: `“${name}” no longer has its own system user`,
    failed: `“${name}” kept its system user`,
  }),
  adopt: (name, plan) => {
    const from = of(plan, 'from')
    const was = typeof from === 'string' ? from : name
    const as = was === name ? '' : ` as “${name}”`
    return {
      noun: `Adopt “${was}”${as}`,
      running: `Adopting “${was}”${as}`,
      done: `“${was}” was adopted${as}`,
      failed: `“${was}” was not adopted`,
    }
  },
  'remove-leftovers': name => ({
    noun: `Remove what is left of “${name}”`,
    running: `Removing what is left of “${name}”`,
    done: `Nothing is left of “${name}”`,
    failed: `What is left of “${name}” was not removed`,
  }),
  many: (_, plan, operation) => {
    const action = manyPlanSchema.safeParse(plan).data?.action ?? 'start'
    const all = resultsOf(operation)
    const well = all.filter(it => it.result && !it.result.problem).length
    const { verb, doing, state, done } = manyWords[action]
    const those = count(all.length, 'instance')
    const some = `${well} of ${all.length} instances ${well === 1 ? 'was' : 'were'} ${done}`
    return {
      noun: `${verb} ${those}`,
      running: `${doing} ${those}`,
      done: well === all.length ? capital(`${those} ${well === 1 ? 'is' : 'are'} ${state}`) : some,
      failed: some,
    }
  },
  'infrastructure-start': () => ({
    noun: 'Start the infrastructure',
    running: 'Starting the infrastructure',
    done: 'The infrastructure is running',
    failed: 'The infrastructure was not started',
  }),
  'infrastructure-stop': () => ({
    noun: 'Stop the infrastructure',
    running: 'Stopping the infrastructure',
    done: 'The infrastructure is stopped',
    failed: 'The infrastructure was not stopped',
  }),
}

const manyWords = {
  start: { verb: 'Start', doing: 'Starting', state: 'running', done: 'started' },
  stop: { verb: 'Stop', doing: 'Stopping', state: 'stopped', done: 'stopped' },
  restart: { verb: 'Restart', doing: 'Restarting', state: 'running again', done: 'restarted' },
} as const

/** How many steps have a result that isn't good. */
export const failuresOf = ({ steps }: OperationState): number => steps.filter(it => it.result?.problem).length

/** The name as the operator wrote it; the subject is in lower case. */
export function subjectOf({ plan, subject }: OperationState): string {
  const name = of(plan, 'name') ?? of(of(plan, 'target'), 'name')
  return typeof name === 'string' ? name : subject
}

/** What a plan has under a key. */
const of = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined

export function titlesOf(operation: OperationState): KindTitle {
  const name = subjectOf(operation)
  const known = kinds[operation.kind]?.(name, operation.plan, operation)
  const plain = `${humanise(operation.kind)} ${name}`.trim()
  return known ?? { noun: plain, running: plain, done: `${plain}: done`, failed: `${plain}: undone` }
}

/** The operation in one line, as it stands. */
export function headline(operation: OperationState): string {
  const titles = titlesOf(operation)
  switch (operation.phase) {
    case 'running':
      return `${titles.running}…`
    case 'undoing':
      return `${titles.noun}: undoing…`
    case 'stuck':
      return `${titles.noun}: ${waitsForInfrastructure(operation) ? 'waiting for the database' : 'needs attention'}`
    case 'succeeded':
      return titles.done
    case 'rolled-back':
      return titles.failed
  }
}

/** e.g. "step 3 of 9", "3 of 9 done". */
export function progressOf(operation: OperationState): string {
  if (operation.abreast && operation.phase === 'running')
    return `${operation.steps.filter(it => it.status === 'done').length} of ${operation.steps.length} done`
  const begun = operation.steps.filter(it => it.status !== 'waiting').length
  if (operation.phase === 'undoing') return 'undoing'
  return isOpen(operation) ? `step ${Math.max(1, begun)} of ${operation.steps.length}` : ''
}

const steps: Readonly<Record<string, readonly [title: string, explanation: string]>> = {
  'bring-up': ['Check the database', 'PostgreSQL and PgBouncer are started if they aren’t running.'],
  reserve: ['Reserve the name and port', 'So nothing else can take them.'],
  'prepare-release': [
    'Prepare the application',
    'Installs its packages and builds the client. The next instance reuses this.',
  ],
  'create-database': ['Create the database', 'Its own database and role, closed to every other instance.'],
  'place-files': ['Place the files', 'The application, its configuration and folders for uploads.'],
  'adopt-files': [
    'Write its own settings',
    'New name, port, database login and secrets; uploads and everything else stay.',
  ],
  'push-schema': ['Set up the tables', 'Applies the application’s schema to the new database.'],
  'create-director': ['Create the director', 'The administrator account, through the application’s own Prisma client.'],
  'switch-to-pool': ['Connect through the pool', 'From now on it reaches the database through PgBouncer.'],
  'start-process': ['Start the application', 'PM2 runs it and restarts it if it exits.'],
  'verify-health': ['Check that it answers', 'It is running, holds its port and answers a request.'],
  'stop-others': ['Stop the other one on its port', 'Only one of them can run at a time.'],
  'restart-process': ['Restart the application', 'A new process, which reads .env again.'],
  'stop-process': ['Stop the application', 'It is asked to exit, then killed if it doesn’t.'],
  'write-port': ['Write the new port', 'To config.json and .env.'],
  'create-user': ['Create the system user', 'No password, no shell, and access to this instance only.'],
  'give-files': [
    'Hand over the files',
    'It reads the code and .env, and writes only its data folders. Everyone else is shut out.',
  ],
  'take-files': ['Take the files back', 'Owners and permissions are restored.'],
  'remove-user': ['Delete the system user', 'Nothing runs as it or belongs to it any more.'],
  'set-aside': ['Set the files aside', 'Its folder is renamed away; it is deleted at the end.'],
  'drop-database': [
    'Remove the database',
    'Connections are closed, then the database and its role are dropped. This can’t be undone from here on.',
  ],
  'remove-process': ['Delete the process and the files', 'PM2 forgets it, and its log files and folder are deleted.'],
  'provision-postgres': ['Prepare PostgreSQL', 'Fetches what is missing and sets up its data.'],
  'start-postgres': ['Start PostgreSQL', 'Done when it answers a query.'],
  'secure-postgres': ['Secure PostgreSQL', 'Passwords only, loopback only, no shared access.'],
  'provision-pgbouncer': ['Prepare PgBouncer', 'Fetches what is missing and writes its configuration.'],
  'start-pgbouncer': ['Start PgBouncer', 'Done when it passes a query to PostgreSQL.'],
  'stop-pgbouncer': ['Stop PgBouncer', 'First, so nothing waits for a stopped database.'],
  'stop-postgres': ['Stop PostgreSQL', 'The data stays where it is.'],
}

export const stepTitle = (name: string): string => steps[name]?.[0] ?? instanceOf(name) ?? humanise(name)
export const stepExplanation = (name: string): string | undefined => steps[name]?.[1]

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)
const humanise = (name: string): string => capital(name.replaceAll('-', ' '))

/** @param folders of the base application that have no lock file */
export const unlockedText = (folders: readonly string[]): string =>
  `${folders.join(' and ')} ${folders.length > 1 ? 'have' : 'has'} no package-lock.json, so packages may be newer than those of earlier instances.`
