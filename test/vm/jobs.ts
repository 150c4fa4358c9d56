/** The jobs during which the power is cut. */
import { director, ours, workspace } from './school'

export interface Job {
  readonly kind: string
  readonly command: string
}

/** *college* is what they change; *school* isn't to notice. */
export const jobs: readonly Job[] = [
  { kind: 'create', command: `${ours()} create museum ${director}` },
  { kind: 'rebuild', command: `${ours()} rebuild college` },
  { kind: 'delete', command: `${ours()} delete college --confirm college` },
]

/** Makes the base application's code another one, so that a creation and a rebuild prepare a release. */
export const newCode = `cd ${workspace}/server && sed -i "s/GREETING ?? ''/GREETING ?? 'new'/" index.js`

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let it = Math.imul(state ^ (state >>> 15), 1 | state)
    it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it
    return ((it ^ (it >>> 14)) >>> 0) / 2 ** 32
  }
}
