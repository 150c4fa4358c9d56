/** What an operation is made of. The engine knows no more about create, rebuild or delete than this. */
import type { z } from 'zod'
import type { Json } from '../../shared/operation'

/** What a step is given. */
export interface Context<Plan> {
  /** Every name, port and path already chosen; references to secrets, never secrets. */
  readonly plan: Plan
  /** Aborted by a cancel. Undo, and all past the pivot, get one that only the loss of the workspace's lock aborts. */
  readonly signal: AbortSignal
  /** `fraction` is 0 to 1. Ignored once the step has ended, as is output. */
  report(progress: { fraction?: number; text?: string }): void
  /** A tool's own words, as they come; never a secret. */
  output(chunk: string): void
}

/**
 * One named change to the world. What it throws is journaled and shown, so it must be free of secrets;
 * a `ProblemError` is shown as its Problem. The engine sets no time limits: a step bounds what it calls.
 */
export interface Step<Plan> {
  /** The journal's key: renaming it bumps the operation's version. */
  readonly name: string
  /**
   * Makes the change; may run again after a crash, from any half. When it returns, the step is done. If it throws a Problem whose action is `keep-waiting`, the
   * operation is stuck there, with nothing undone: a retry does the step again, and it can be rolled back.
   */
  do(context: Context<Plan>): Promise<void>
  /** Whether the change is wholly there. Looks at the world, changes nothing. Asked only of a step in doubt: on resume and on retry. */
  verify(context: Context<Plan>): Promise<boolean>
  /** Takes the change back. Safe if `do` half ran or never ran, and to repeat. Absent: there is nothing to take back. */
  undo?(context: Context<Plan>): Promise<void>
}

/**
 * A sequence of steps that ends *after* (all done) or *before* (all undone), whatever happens in between.
 * `Plan` is journaled as it is, so it is plain data (a `type`, not an `interface`: only those are assignable to `Json`) without secrets.
 */
export interface Operation<Input, Plan extends Json> {
  readonly kind: string
  /** Bumped when steps or plan change; an unsettled journal of another version is refused, never guessed at. */
  readonly version: number
  /** At least one, in order, each name once. */
  readonly steps: readonly Step<Plan>[]
  /** The step that, once begun, leaves only the way forward (delete: the first destruction; rebuild: the switch). */
  readonly pivot?: string
  /** What a plan is. One in an unsettled journal that is none is refused, as a journal that was changed by hand may be. */
  readonly planSchema?: z.ZodType<Plan>
  /**
   * Asked of an unsettled journal whose plan fits the schema: what in it is not as it follows from the instance's name, as one sentence.
   * Such a journal was damaged or changed, and is refused: a path or a database name in it is never obeyed.
   */
  contradiction?(plan: Plan, subject: string): Promise<string | undefined> | string | undefined
  /** Whom it is about besides its subject, while it is open: nothing else begins on that either. */
  alsoAbout?(plan: Plan): string
  /** What start-up does with an unsettled operation that has neither turned nor passed its pivot. */
  readonly recovery: 'resume' | 'roll-back'
  /**
   * Asked before an interrupted or stuck operation goes on forward: whether what it needs is there again (after a reboot a database may not be).
   * What it throws makes it stuck where it stands, instead of failing a step and turning it.
   */
  ready?(plan: Plan): Promise<void>
  /** Whom it is about: one open operation per subject. */
  subject(input: Input): string
  /** All choices, before anything is touched. One plan is made at a time, so two never choose the same port; keep it short. */
  plan(input: Input): Promise<Plan>
}

/** Any operation, for those that hold many of them; an `Operation<CreateInput, CreatePlan>` is one. */
export type AnyOperation = Operation<unknown, Json>
