/** What an operation consists of. The engine knows nothing else about creating or deleting an instance. */
import type { z } from 'zod'
import type { Abreast, Json, StepResult } from '../../shared/operation'
import type { Claim } from '../../shared/things'

/** What a step is given. */
export interface Context<Plan> {
  /** Every name, port and path already chosen; references to secrets, never secrets. */
  readonly plan: Plan
  /** Aborted by a cancel; during undo and past the pivot, only by the loss of the workspace's lock. */
  readonly signal: AbortSignal
  /** During undo: why. `asked`: an operator rolled it back. */
  readonly turned?: 'failed' | 'cancelled' | 'asked' | undefined
  /** `fraction` is 0 to 1. Once the step has ended, reports and output are ignored. */
  report(progress: { fraction?: number; text?: string }): void
  /** A tool's output as it arrives; never a secret. */
  output(chunk: string): void
  /** Records what the step found or did: kept with the operation and shown in Activity. Never a secret. */
  note(text: string): void
  /** One of the operation's `secrets`. @throws Problem `secret-missing` */
  secret(name: string): Promise<string>
}

/**
 * One named change to the world. Errors are journaled and shown, so they must be free of secrets; a `ProblemError` is
 * shown as its Problem. The engine sets no time limits: a step must limit what it calls.
 */
export interface Step<Plan> {
  /** The journal's key: renaming it bumps the operation's version. */
  readonly name: string
  /**
   * Makes the change. After a crash it may run again, whatever it had already done. When it returns, the step is done.
   * If it throws a Problem that leaves the decision to the operator (`waitsForDecision`), the operation is stuck there
   * with nothing undone: a retry runs the step again, and the operation can be rolled back.
   * @returns its result, if it is one of several independent steps
   */
  do(context: Context<Plan>): Promise<StepResult | void>
  /**
   * Whether the change is complete. Looks at the world and changes nothing. Called only for a step in doubt: on resume
   * and on retry.
   */
  verify(context: Context<Plan>): Promise<boolean>
  /**
   * Reverses the change. Safe to repeat, and safe if `do` ran in part or never. Absent: there is nothing to reverse.
   */
  undo?(context: Context<Plan>): Promise<void>
}

/**
 * A sequence of steps that ends with all done or all undone, whatever happens in between. `Plan` is journaled as it is,
 * so it is plain data without secrets (a `type`, because an `interface` isn't assignable to `Json`).
 */
export interface Operation<Input, Plan extends Json> {
  readonly kind: string
  /** Bumped when steps or plan change. */
  readonly version: number
  /** At least one, in order, with unique names. A step that has nothing to do for this plan is left out. */
  steps(plan: Plan): readonly Step<Plan>[]
  /**
   * Which steps run abreast. An operation that must turn or stop aborts the `signal` of those in progress and waits for
   * them. Not for an operation with a pivot.
   */
  abreast?(plan: Plan): Abreast | undefined
  /**
   * Once this step has begun, the operation can only go forward (delete: the first destructive step). Part of every
   * plan.
   */
  readonly pivot?: string
  /** The plan's schema. An unsettled journal whose plan doesn't fit is refused: it may have been edited by hand. */
  readonly planSchema?: z.ZodType<Plan>
  /**
   * Called for an unsettled journal whose plan fits the schema. Returns, as one sentence, what doesn't follow from the
   * instance's name. Such a journal was damaged or edited and is refused: a path or database name in it is never
   * obeyed.
   */
  contradiction?(plan: Plan, subject: string): Promise<string | undefined> | string | undefined
  /**
   * Converts the plan of an unsettled journal from an earlier version into a current one, which the schema checks, so
   * an update strands no operation. The journal's steps that the current plan leaves out have nothing to do. @returns
   * undefined if it can't be converted: the operator must settle it by hand
   */
  adopt?(version: number, plan: Json): Json | undefined
  /**
   * Everything that `do` and `undo` of its steps may touch. Two open operations never hold the same thing if one of
   * them owns it.
   */
  claims(plan: Plan): readonly Claim[]
  /** What happens at start-up to an unsettled operation that has neither turned nor passed its pivot. */
  readonly recovery: 'resume' | 'roll-back'
  /**
   * Called before an interrupted or stuck operation continues: throws unless whatever it needs is available (after a
   * reboot the database may not be). Then the operation is stuck where it stands; no step fails, and it doesn't turn.
   */
  ready?(plan: Plan): Promise<void>
  /**
   * The thing that it owns in any case, e.g. `instance/school`. The part after the slash is the operation's subject.
   */
  about(input: Input): string
  /**
   * Makes all choices and touches nothing. Plans may be made concurrently; a plan is made again if an operation on the
   * same things began or ended meanwhile, so two never choose the same port.
   */
  plan(input: Input): Promise<Plan>
  /**
   * Secrets that its steps need, by name; never journaled. Stored under the operation's id and forgotten when it
   * settles.
   */
  secrets?(input: Input, plan: Plan): Promise<Readonly<Record<string, string>>>
  /** The secret that is kept after a success until the operator has seen it. */
  readonly shows?: string
}

/** Any operation, whatever its input and plan. */
export type AnyOperation = Operation<unknown, Json>
