/** Which Node.js a workspace's tools and instances run on. */
import { dirname, join } from 'node:path'
import { satisfies, validRange } from 'semver'
import { z } from 'zod'
import { problem } from '../../shared/problem'
import type { NodeChoice } from '../../shared/workspace'
import { readJson } from '../system/files'
import { findNode, nodesOnPath, nodeVersion } from '../system/node'
import type { Run } from '../system/run'
import { readManifest } from './base'

/** PM2 and Instance Manager itself run on it too, for example after a reboot. */
const supported = '>=20.19'

/** Only what is read; the rest is npm's. */
const packageSchema = z.looseObject({ engines: z.looseObject({ node: z.string().max(200).optional() }).optional() })

/**
 * The one chosen in the settings; otherwise the first on PATH that fits the application. In a package of the product,
 * the included one is on PATH too, after the operator's. If none fits, the first one.
 * @param wanted an absolute path, from the settings
 * @throws as `findNode`
 */
export async function chooseNode(run: Run, root: string, wanted: string | undefined): Promise<NodeChoice> {
  const required = await requiredNode(root)
  const fits = (version: string): boolean => required === undefined || satisfies(version, required)
  const look = async (path: string): Promise<NodeChoice | undefined> => {
    const version = await usableVersion(run, path)
    return version === undefined ? undefined : { path, version, fits: fits(version), required }
  }
  if (wanted !== undefined) {
    const chosen = await look(wanted)
    return chosen ?? { ...(await chooseNode(run, root, undefined)), unusable: wanted }
  }
  let first: NodeChoice | undefined
  for (const path of await nodesOnPath(givenPath())) {
    const found = await look(path)
    if (found?.fits) return found
    first ??= found
  }
  if (first) return first
  const path = await findNode()
  const version = await nodeVersion(run, path)
  return { path, version, fits: fits(version), required }
}

/** @returns undefined if it can't be run, isn't Node, or is too old */
async function usableVersion(run: Run, path: string): Promise<string | undefined> {
  const version = await nodeVersion(run, path).catch(() => undefined)
  return version !== undefined && satisfies(version, supported) ? version : undefined
}

/** For `SettingsFile.guard`. @throws Problem `input` */
export async function requireUsable(run: Run, before: string | undefined, after: string | undefined): Promise<void> {
  if (after === undefined || after === before || (await usableVersion(run, after)) !== undefined) return
  throw problem({
    code: 'input',
    message: `${after} isn’t Node.js 20.19 or newer, or can’t be run.`,
    hint: 'Enter the path of the program, for example what “command -v node” prints.',
    field: 'node.path',
  })
}

/** What the server requires: `engines.node` in its package.json, if that is a range of versions. */
async function requiredNode(root: string): Promise<string | undefined> {
  const { server } = await readManifest(root)
  const found = await readJson(join(root, server.folder, 'package.json'), packageSchema).catch(() => undefined)
  const range = found?.engines?.node
  return range !== undefined && validRange(range) !== null ? range : undefined
}

/** The folder that an open workspace has put first on PATH; undefined if its Node comes first anyway. */
interface Preference {
  readonly folder: string | undefined
}

/** The newest last: while one workspace replaces another, both are open for a moment. Only the newest counts. */
let preferences: readonly Preference[] = []

/** PATH without what is preferred. */
function givenPath(): string {
  const [path, folder] = [process.env['PATH'] ?? '', preferences.at(-1)?.folder]
  return folder === undefined ? path : path.slice(folder.length + 1)
}

function prefer(all: readonly Preference[]): void {
  const [given, folder] = [givenPath(), all.at(-1)?.folder]
  preferences = all
  process.env['PATH'] = folder === undefined ? given : `${folder}:${given}`
}

/** Puts its folder first on PATH, so that npm, PM2 and their children run on it. @returns takes that back */
export async function preferOnPath(node: string): Promise<() => void> {
  if (process.env['PATH'] === undefined) return () => undefined // then ours is the only one that can be found
  const [first] = await nodesOnPath(givenPath())
  const own = { folder: first === node ? undefined : dirname(node) }
  prefer([...preferences, own])
  return () => prefer(preferences.filter(it => it !== own))
}
