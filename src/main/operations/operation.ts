/** What an operation is made of. The engine knows no more about create, rebuild or delete than this. */
import type { z } from 'zod'
import type { Abreast, Json, StepResult } from '../../shared/operation'
import type { Claim } from '../../shared/things'

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
  /** One of the operation's `secrets`. @throws Problem `secret-missing` */
  secret(name: string): Promise<string>
}

/**
 * One named change to the world. What it throws is journaled and shown, so it must be free of secrets; a `ProblemError`
 * is shown as its Problem. The engine sets no time limits: a step bounds what it calls.
 */
export interface Step<Plan> {
  /** The journal's key: renaming it bumps the operation's version. */
  readonly name: string
  /**
   * Makes the change; may run again after a crash, from any half. When it returns, the step is done. If it throws a
   * Problem whose action is `keep-waiting`, the operation is stuck there, with nothing undone: a retry does the step
   * again, and it can be rolled back.
   * @returns its result, where it is one of many that don't need each other
   */
  do(context: Context<Plan>): Promise<StepResult | void>
  /**
   * Whether the change is wholly there. Looks at the world, changes nothing. Asked only of a step in doubt: on resume
   * and on retry.
   */
  verify(context: Context<Plan>): Promise<boolean>
  /**
   * Takes the change back. Safe if `do` half ran or never ran, and to repeat. Absent: there is nothing to take back.
   */
  undo?(context: Context<Plan>): Promise<void>
}

/**
 * A sequence of steps that ends *after* (all done) or *before* (all undone), whatever happens in between. `Plan` is
 * journaled as it is, so it is plain data (a `type`, not an `interface`: only those are assignable to `Json`) without
 * secrets.
 */
export interface Operation<Input, Plan extends Json> {
  readonly kind: string
  /** Bumped when steps or plan change. */
  readonly version: number
  /** At least one, in order, each name once. A step that has nothing to do for this plan is left out. */
  steps(plan: Plan): readonly Step<Plan>[]
  /**
   * Which steps go abreast. What must turn or stop waits for those under way; their `signal` is aborted. Not for an
   * operation with a pivot.
   */
  abreast?(plan: Plan): Abreast | undefined
  /**
   * The step that, once begun, leaves only the way forward (delete: the first destruction; rebuild: the switch). One of
   * every plan's steps.
   */
  readonly pivot?: string
  /**
   * What a plan is. A plan in an unsettled journal that doesn't fit is refused: the journal may have been changed by
   * hand.
   */
  readonly planSchema?: z.ZodType<Plan>
  /**
   * Asked of an unsettled journal whose plan fits the schema: what in it is not as it follows from the instance's name,
   * as one sentence. Such a journal was damaged or changed, and is refused: a path or a database name in it is never
   * obeyed.
   */
  contradiction?(plan: Plan, subject: string): Promise<string | undefined> | string | undefined
  /**
   * Turns the plan of an unsettled journal of an earlier version into one of today, which its schema checks, so that an
   * update never strands an operation. Steps of the journal that today's plan leaves out have nothing to do. @returns
   * undefined if it can't be done: the operator settles it by hand
   */
  adopt?(version: number, plan: Json): Json | undefined
  /**
   * All that `do` and `undo` of its steps may touch. Two open operations never hold the same thing if one of them owns
   * it.
   */
  claims(plan: Plan): readonly Claim[]
  /** What start-up does with an unsettled operation that has neither turned nor passed its pivot. */
  readonly recovery: 'resume' | 'roll-back'
  /**
   * Asked before an interrupted or stuck operation goes on forward: whether what it needs is there again (after a
   * reboot a database may not be). What it throws makes it stuck where it stands, instead of failing a step and turning
   * it.
   */
  ready?(plan: Plan): Promise<void>
  /**
   * The thing that it owns in any case: `instance/school`, or a single thing. What follows the slash is its subject.
   */
  about(input: Input): string
  /**
   * Makes all choices and touches nothing. Several may be made at a time; one is made again if an operation on the same
   * things began or ended meanwhile, so two never choose the same port.
   */
  plan(input: Input): Promise<Plan>
  /**
   * What its steps need and no journal may hold, by name. Kept under the operation's id and forgotten when it settles.
   */
  secrets?(input: Input): Promise<Readonly<Record<string, string>>>
  /** The one of them that stays after a success, until it was shown to the operator. */
  readonly shows?: string
}

/** Any operation, for those that hold many of them; an `Operation<CreateInput, CreatePlan>` is one. */
export type AnyOperation = Operation<unknown, Json>
