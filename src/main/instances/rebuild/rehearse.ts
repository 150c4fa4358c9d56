/** Rehearses the schema change that the operator agreed to, while we own the instance and before it is touched. */
import { join } from 'node:path'
import { capital } from '../../../shared/amounts'
import type { RebuildPlan } from '../../../shared/jobs/rebuild'
import { codeLines } from '../../../shared/notes'
import { problem, toProblem } from '../../../shared/problem'
import { classWords } from '../../../shared/rebuild-words'
import {
  isSameLoss,
  lossesBeyond,
  lossWords,
  renameWords,
  type Agreed,
  type Loss,
  type Rehearsal,
} from '../../../shared/schema'
import type { StepActions } from '../../operations/implement'
import { refusedProblem } from '../../schema/refusal'
import { requireInstanceConfig } from '../../workspace/instance-config'
import { ownerLogin, prismaIn, requireRoom, schemaFile } from './schema'
import { readMove, removeMove, writeMove } from './schema-move'
import { pathsOf, type RebuildServices } from './services'

export const rehearseChange = (services: RebuildServices): StepActions<RebuildPlan> => ({
  async do({ plan: { push, target, token, manifest }, signal, report, note }) {
    if (!push) return
    const { config, server, slots } = pathsOf(services, { target, manifest })
    const its = await requireInstanceConfig(config)
    const login = await ownerLogin(services, its)
    const prisma = await prismaIn(services, target.name, server, login, signal)
    const question = { ...push, from: join(server, schemaFile), to: join(slots.next.server, schemaFile) }
    report({ text: 'Changing a copy of the database: forward, back and forward again' })
    const rehearsal = await services.schemas.rehearse(login, token, prisma, question, () =>
      requireRoom(services, 'a rehearsal', its),
    )
    const agreed = push.acceptLoss === true ? undefined : push.acceptLoss || []
    const { change, rollback } = requireAgreed(rehearsal, agreed)
    note(rehearsalWords(rehearsal))
    // Whatever users write until the switch must not stop it: how much was agreed to has just been checked.
    const whatever = agreed?.map(({ kind, table, column }) => ({ kind, table, column }))
    if (change) await writeMove(slots.replaced, { change, direction: 'forward', rollback, agreed: whatever })
    else await removeMove(slots.replaced) // written before a crash
  },
  verify: () => Promise.resolve(false), // a repeat finds what is there by then; these notes stay
  /**
   * This change will never be rolled back. What the undo took from the rows stays, as does what can't be discarded now.
   */
  async undo({ plan, report }) {
    const { config, slots } = pathsOf(services, plan)
    await services.copies.drop(plan.token).catch(() => undefined) // otherwise it is dropped at the next start
    const move = await readMove(slots.replaced)
    if (!move) return
    const login = await ownerLogin(services, await requireInstanceConfig(config))
    await services.schemas
      .forgetUndone(login, move.change.id)
      .catch((error: unknown) => report({ text: toProblem(error).message }))
  },
})

/** @throws Problem `schema-refused`; `schema-loss` if the change loses something that nobody agreed to, or more of it */
function requireAgreed(rehearsal: Rehearsal, agreed: readonly Agreed[] | undefined): Rehearsal {
  if (rehearsal.refusal) throw refusedProblem(rehearsal.refusal)
  const { candidates } = rehearsal
  const losses = agreed ? lossesBeyond(rehearsal.losses, agreed) : []
  if (losses.length === 0) return rehearsal
  if (agreed && agreed.length > 0)
    throw problem({
      code: 'schema-loss',
      message: 'The schema change would lose more than was agreed to.',
      cause: `It ${losses.map(it => `${lossWords(it)}${agreedWords(it, agreed)}`).join('; ')}.`,
      hint: 'This was found on a copy; the database wasn’t touched. Review what would be lost now, then rebuild again.',
    })
  const renames = candidates.map(renameWords).join(', ')
  throw problem({
    code: 'schema-loss',
    message: 'The schema change would lose data.',
    cause: `It ${losses.map(lossWords).join('; ')}.`,
    hint: `${renames ? `If something was renamed (${renames}), say so, and nothing is lost. Otherwise, accept` : 'Accept'} the loss, or rebuild without changing the schema.`,
  })
}

function agreedWords(loss: Loss, agreed: readonly Agreed[]): string {
  const agreedCount = agreed.find(it => isSameLoss(it, loss))?.most
  return agreedCount === undefined ? ' (not agreed to)' : ` (agreed to: ${agreedCount.toLocaleString('en')})`
}

function rehearsalWords({ class: its, change, losses, drift, rollback }: Rehearsal): string {
  if (!change) return 'The database already has the new schema.'
  return [
    classWords[its],
    ...losses.map(it => `${capital(lossWords(it))}.`),
    ...change.renames.map(it => `Renames ${renameWords(it)}.`),
    ...(drift.length > 0
      ? ['The database differed from the schema in the instance’s own code by:', ...drift.map(codeLines)]
      : []),
    ...(change.fix === undefined ? [] : ['Your statement:', codeLines(change.fix)]),
    'SQL:',
    codeLines(change.forward),
    rollback.limits.length > 0
      ? ['On a rollback:', ...rollback.limits].join('\n')
      : 'It can be rolled back without losing rows written in the meantime.',
  ].join('\n')
}
