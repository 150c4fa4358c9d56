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
