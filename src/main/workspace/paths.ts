/** Where things are in a workspace. All paths are absolute. */
import { isAbsolute, join } from 'node:path'
import type { Manifest } from '../../shared/workspace'

export interface WorkspacePaths {
  readonly root: string
  readonly instances: string
  readonly manifest: string
  /** `.instance-manager`: ours, 0700. */
  readonly state: string
  /** The workspace's id and its last path. */
  readonly identity: string
  readonly settings: string
  /** The saved views of the list. */
  readonly views: string
  readonly secrets: string
  readonly operations: string
  readonly releases: string
  readonly embedded: string
  readonly desired: string
  /** Whether the infrastructure should be running. */
  readonly wanted: string
  /** The PostgreSQL that the latest move left behind. */
  readonly formerPostgres: string
  readonly appLog: string
  /** Temporary files that are read as logs; emptied at each opening. */
  readonly logCache: string
  /** Files that served sessions save on this machine. */
  readonly exports: string
  /** An emergency reserve, to be deleted when the disk is full. */
  readonly spare: string
}

/** @param root an absolute path */
export function workspacePaths(root: string): WorkspacePaths {
  if (!isAbsolute(root)) throw new TypeError('a workspace is an absolute path')
  const state = join(root, '.instance-manager')
  return {
    root,
    state,
    instances: join(root, 'instances'),
    manifest: join(root, 'instance-manager.json'),
    identity: join(state, 'workspace.json'),
    settings: join(state, 'settings.json'),
    views: join(state, 'views.json'),
    secrets: join(state, 'secrets.json'),
    operations: join(state, 'operations'),
    releases: join(state, 'releases'),
    embedded: join(state, 'embedded'),
    desired: join(state, 'desired.json'),
    wanted: join(state, 'infrastructure.json'),
    formerPostgres: join(state, 'former-postgres.json'),
    appLog: join(state, 'app.log'),
    logCache: join(state, 'log-cache'),
    exports: join(state, 'exports'),
    spare: join(state, 'spare'),
  }
}

/** Its folder with the code that it runs from, which is a slot itself. */
export interface InstancePaths extends Slot {
  readonly config: string
  readonly databaseConfig: string
  /** While the instance is being created: the token of its operation. */
  readonly reservation: string
  /** What the last change of its environment replaced. */
  readonly previousEnv: string
  /** Slots, each with a server and a client folder: of code to come, of code just replaced, and of the way back. */
  readonly slots: Readonly<Record<SlotName, Slot>>
}

export type SlotName = 'next' | 'replaced' | 'previous'

/** A place for one copy of an instance's code, beside the one that it runs from. */
export interface Slot {
  readonly folder: string
  readonly server: string
  readonly client: string
  readonly env: string
}

/**
 * Derived from the name and the manifest, never from the paths in config.json, which may be stale or malicious.
 * @param name a valid instance name (nameSchema)
 */
export const instancePaths = (workspace: WorkspacePaths, manifest: Manifest, name: string): InstancePaths =>
  pathsIn(join(workspace.instances, name), manifest)

/** The paths of an instance that lies in this folder. */
export function pathsIn(folder: string, { server, client }: Manifest): InstancePaths {
  const slotIn = (slot: string): Slot => ({
    folder: slot,
    server: join(slot, server.folder),
    client: join(slot, client.folder),
    env: join(slot, server.folder, '.env'),
  })
  return {
    ...slotIn(folder),
    config: join(folder, 'config.json'),
    databaseConfig: join(folder, 'db-config.json'),
    reservation: join(folder, '.operation'),
    previousEnv: join(folder, '.env-previous.json'),
    slots: {
      next: slotIn(join(folder, '.next')),
      replaced: slotIn(join(folder, '.replaced')),
      previous: slotIn(join(folder, '.previous')),
    },
  }
}
