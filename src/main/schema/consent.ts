/**
 * Holds a change to what the rehearsal found and the operator agreed to. The rows may have changed by then: users kept
 * writing while the new code was tried.
 */
import { enumerate } from '../../shared/amounts'
import { problem } from '../../shared/problem'
import {
  deedWords,
  lossesBeyond,
  lossWords,
  type Agreed,
  type Keep,
  type Loss,
  type LossName,
  type MoveReport,
} from '../../shared/schema'
import { lossesOf, type Renames, type State } from './compare'

/**
 * The operator's statement may change rows, or delete them with others, though nothing of their tables is kept. What
 * was made to fit on the way was kept then.
 * @throws Problem `schema-loss`
 */
export function requireKept(
  before: State,
  after: State,
  renames: Renames,
  keep: readonly Keep[],
  { placeholders, aside }: Pick<MoveReport, 'placeholders' | 'aside'>,
): void {
  const fitted = [...placeholders, ...aside].map(it => it.table)
  const isKept = ({ table, column }: LossName): boolean =>
    keep.some(it => it.table === table && (it.rows || (column !== undefined && it.columns.includes(column))))
  const lost = lossesOf(before, after, renames).filter(it => !isKept(it) && !fitted.includes(renames.table(it.table)))
  if (lost.length > 0) throw lossSince(`Your statement ${enumerate(lost.map(deedWords))}.`)
}

/** Values written since the rehearsal may not survive what those before did. @throws Problem `schema-loss` */
export function requireAgreed(losses: readonly Loss[], agreed: readonly Agreed[]): void {
  const lost = lossesBeyond(losses, agreed)
  if (lost.length > 0) throw lossSince(`It ${enumerate(lost.map(lossWords))}.`)
}

const lossSince = (cause: string): Error =>
  problem({
    code: 'schema-loss',
    message: 'The schema change would lose data.',
    cause: `${cause} In the rehearsal it didn’t.`,
    hint: 'Nothing was changed. Rebuild again: the rehearsal will find it.',
  })
