/** The checks of an instance's files. */
import { enumerate } from '../../shared/amounts'
import type { Fix } from '../../shared/doctor'
import { rebuildJob } from '../../shared/jobs/rebuild'
import { keepsEnvLogin, fixing } from './database-checks'
import type { InstanceFacts } from './facts'
import { differingDatabase, differingKeys } from './settings'
import { describeModes, tooOpen } from './shared-checks'
import { good, judging, wrong, type Check } from './verdicts'

export const fileChecks: readonly Check<InstanceFacts>[] = [
  {
    id: 'env',
    judge: judging(
      (facts: InstanceFacts) => facts.env,
      (text, facts) => {
        const keys = differingKeys(text ?? '', facts.config)
        if (keys.length === 0) return good
        // a new one would be ours alone, and its own user couldn't read it
        if (text === undefined && facts.config.systemUser)
          return wrong('There is no .env.', {
            hint: 'Restore it from a backup, readable for the instance’s own group.',
          })
        const because =
          text === undefined
            ? 'There is no .env.'
            : `${enumerate(keys)} ${keys.length === 1 ? 'differs' : 'differ'} from config.json.`
        return facts.envLogin
          ? wrong(because, { fix: fixing(facts, 'Rewrite .env', ['password', 'env'], keepsEnvLogin) })
          : wrong(because, {
              hint: 'It takes effect when the instance is started or restarted.',
              fix: fixing(facts, 'Rewrite .env', ['env']),
            })
      },
    ),
  },
  {
    id: 'database-config',
    judge: judging(
      (facts: InstanceFacts) => facts.databaseConfig,
      (text, facts) => {
        const keys = text === undefined ? undefined : differingDatabase(text, facts.config)
        if (keys?.length === 0) return good
        const because =
          text === undefined
            ? 'There is no db-config.json.'
            : keys === undefined
              ? 'It isn’t valid JSON.'
              : `${enumerate(keys)} ${keys.length === 1 ? 'differs' : 'differ'} from config.json.`
        return wrong(because, { fix: fixing(facts, 'Rewrite db-config.json', ['database-config']) })
      },
    ),
  },
  {
    id: 'modes',
    judge: judging(
      (facts: InstanceFacts) => facts.modes,
      (files, facts) => {
        const open = tooOpen(files)
        if (open.length === 0) return good
        const because = `Other users can read or change files with passwords: ${describeModes(open)}.`
        return open.every(it => it.ours)
          ? wrong(because, { fix: fixing(facts, 'Correct the permissions', ['modes']) })
          : wrong(because, { hint: 'They belong to another user. As root, run “chmod 600” on them.' })
      },
    ),
  },
  { id: 'code', judge: facts => missing(facts, it => !isPrisma(it)) },
  { id: 'prisma', judge: facts => missing(facts, isPrisma) },
  {
    id: 'client',
    judge: judging(
      (facts: InstanceFacts) => facts.client,
      (there, facts) => (there ? good : wrong('The client’s build has no index.html.', putBack(facts))),
    ),
  },
]

/** What the Prisma client's generator writes. */
const isPrisma = (path: string): boolean => /^node_modules\/(?:\.prisma|@prisma\/client)(?:\/|$)/.test(path)

const missing = (facts: InstanceFacts, which: (path: string) => boolean) =>
  judging(
    () => facts.missing,
    (all: readonly string[]) => {
      const gone = all.filter(which)
      if (gone.length === 0) return good
      // a missing folder's content is missing too
      const top = gone.filter(it => !gone.some(other => it.startsWith(`${other}/`)))
      return wrong(`Missing in server/: ${enumerate(top, 4)}.`, putBack(facts))
    },
  )(facts)

/** Only if a rebuild brings the same code. */
function putBack({ config: { name, release }, current }: InstanceFacts): {
  readonly hint?: string
  readonly fix?: Fix
} {
  if (!current) return { hint: 'Rebuild it: it gets the base application’s current code.' }
  return {
    fix: {
      label: 'Put the code back',
      request: { kind: rebuildJob.kind, name, release },
      warning: 'It is rebuilt from its own release, and restarted if it is running.',
    },
  }
}
