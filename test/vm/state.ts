/** What an operator has in the machine, as text that can be compared: instances, files, databases, answers. */
import { ours, sql, succeeds, user, workspace } from './school'
import type { Debian, Ran } from '../package/debian'
import type { Machine } from './machine'

interface Listed {
  readonly data: {
    readonly instances: readonly {
      readonly name: string
      readonly status: string
      readonly port: number
      readonly release: string
      readonly pooled: boolean
    }[]
    readonly broken: readonly unknown[]
    readonly lost: readonly unknown[]
    readonly down: readonly unknown[]
  }
}

/** Milliseconds; the state is read in half a minute, or in some minutes on a busy machine. */
const limit = 600_000

const journals = `${workspace}/.instance-manager/operations`

/** The journals of operations that are open. */
const open = `grep --files-without-match '"type":"settled"' ${journals}/*.jsonl`

/** Secrets are random, so of the files that have them, only the size is compared. */
const look = `
${ours()} list --json
echo
echo "open operations: $(${open} | wc --lines)"
cd ${workspace}/instances
find . -type f ! -name .env ! -name '*config.json' -exec sha256sum {} + | sort --key 2
find . -type f ( -name .env -o -name '*config.json' ) -printf '%p %m %s bytes\\n' | sort
find . -type d -printf '%p %m\\n' | sort
ls ~/.pm2/logs
${sql('school')} -c "SELECT 'database ' || datname FROM pg_database ORDER BY 1" -c "SELECT 'role ' || rolname FROM pg_roles ORDER BY 1"
for it in */server/.env; do echo "$it $(curl -sS -m 60 "http://127.0.0.1:$(sed -n s/^PORT=//p "$it")")"; done
${sql('school', 'pg_dump --data-only')} | grep -v '^.restrict\\|^.unrestrict' | sha256sum
`.replaceAll(/(?<= )[()](?= )/g, String.raw`\$&`)

export async function stateOf(as: (script: string) => Promise<Ran>): Promise<string> {
  const [list = '', ...rest] = (await succeeds(as(look))).split('\n')
  const { instances, broken, lost, down } = (JSON.parse(list) as Listed).data
  const shown = instances.map(it => `${it.name} ${it.status} ${it.port} ${it.pooled} ${it.release}`)
  return [...shown, JSON.stringify({ broken, lost, down }), ...rest].join('\n')
}

/** Waits until no operation is open, for two minutes at least: then the state tells how many there are. */
export const settle = `for it in $(seq 120); do [ -n "$(${open})" ] || break; sleep 1; done`

/** Waits until what starts at boot has ended, and no operation is open. @returns systemd's word for how it went */
export async function settled(machine: Machine): Promise<string> {
  const unit = "systemctl --user show --property=ActiveState --value 'instance-manager-*'"
  const wait = `until ${unit} | grep --invert-match activating; do sleep 5; done; ${settle}`
  return (await succeeds(machine.as(user, wait, limit))).trim()
}

interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly what: string
}

/** The entries of the newest operation of a kind; none if there was no such operation. */
export async function journal({ asRoot }: Pick<Debian, 'asRoot'>, kind: string): Promise<Moment[]> {
  const found = `grep --files-with-matches '"kind":"${kind}"' ${journals}/*.jsonl | tail -1`
  const text = await succeeds(asRoot(`it="$(${found})"; [ -z "$it" ] || cut --fields 1 "$it"`))
  return text
    .split('\n')
    .filter(Boolean)
    .map(it => JSON.parse(it) as { readonly at: string; readonly type: string; readonly step?: string })
    .map(({ at, type, step = '' }) => ({ at: Date.parse(at), what: `${type} ${step}`.trim() }))
}
