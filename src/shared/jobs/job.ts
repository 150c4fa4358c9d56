/**
 * What a job is. Each job describes itself in one place: its input, its plan, its steps, its claims and all its texts.
 * The main process implements it (`operations/implement.ts`); the router, the windows and the command line read it.
 */
import type { z } from 'zod'
import type { KnownInstances } from '../instance'
import type { Abreast, Json, OperationState } from '../operation'
import type { InstanceStatus, StatusGroup } from '../status'
import type { Claim } from '../things'

/** An operation in words. */
export interface Words {
  /** As an instruction, e.g. “Start school”. */
  readonly asking: string
  /** e.g. “Starting school”. */
  readonly running: string
  /** e.g. “school is running”. */
  readonly done: string
  /** Absent: “Couldn’t start school”. */
  readonly failed?: string
  /** Absent: “Start school: cancelled”. */
  readonly cancelled?: string
}

/** What a job's texts can refer to. `plan` is undefined if it comes from another version's journal and doesn't parse. */
export interface Telling<Plan> {
  /** The instance's name as the operator writes it. */
  readonly name: string
  readonly plan: Plan | undefined
  readonly state: OperationState
}

export interface StepDescription<Plan> {
  readonly title: string
  /** One sentence, shown while the step runs. */
  readonly explanation: string
  /** Whether the step is needed; if not, it isn't listed. Absent: always. */
  readonly when?: (plan: Plan) => boolean
}

/** An instance that a job may be offered for. */
export interface Candidate {
  readonly group: StatusGroup
  /** The kind of the open job that makes it busy; absent while the job is being undone. */
  readonly job?: string | undefined
  /** It runs as its own system user. */
  readonly isolated: boolean
  /** A rebuild exchanges its process without a gap. */
  readonly seamless: boolean
  /** The code from before its last rebuild was kept, so it can be rolled back. */
  readonly previous: boolean
  /** Instance Manager runs as root. */
  readonly root: boolean
}

/** How a job is offered for an instance: in its menu, in the command palette, on its page. */
export interface Offer {
  /** Ends with “…” if the operator is asked something first. */
  readonly label: string
  /** The label to put before a name, e.g. “Change the port of”. Absent: the label without “…”. */
  readonly before?: string
  readonly when: (instance: Candidate) => boolean
  /** Has a button on the instance's page. `likeliest`: drawn as the primary one. */
  readonly quick?: 'likeliest' | 'likely'
  readonly danger?: true
  /** The confirmation for a job without a dialog of its own. Absent: it starts at once. */
  readonly question?: (name: string) => {
    readonly title: string
    readonly text: string
    readonly confirm: string
    /** Nothing is removed, so the button isn't red. */
    readonly calm?: true
  }
}

/** A job on several instances, in the words of a report: “Starting 3, 1 done…”, “Started 3 of 3”. */
export interface Several {
  readonly doing: string
  readonly done: string
}

/** How a job runs on many instances at once. */
export interface Bulk {
  readonly verb: string
  readonly doing: string
  readonly done: string
  /** The instances' state afterwards. */
  readonly state: string
  /** Why the job would change nothing for an instance with this status; undefined if it would. */
  readonly idle: (group: InstanceStatus) => string | undefined
  /** Shown before many instances are interrupted; absent if none are. */
  readonly warning?: string
  /** The command's description, and the status that `--all` skips. */
  readonly command: string
  readonly passesOver?: InstanceStatus
}

export interface Job<
  Kind extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Plan extends Json = Json,
  Step extends string = string,
> {
  /** Journaled, so it must never change. */
  readonly kind: Kind
  /** Version of plan and steps. A journal of another version is migrated or refused. */
  readonly version: number
  readonly input: Input
  /** Every choice the job made, as journaled: plain data without secrets. */
  readonly plan: z.ZodType<Plan>
  /** In order. Step names are journaled, so renaming one needs a new version. */
  readonly steps: Readonly<Record<Step, StepDescription<NoInfer<Plan>>>>
  /** Instances that get one more step each, after the others. */
  instances?(plan: Plan): readonly string[]
  abreast?(plan: Plan): Abreast
  /** How the list of instances reports on it; absent if it doesn't. */
  several?(plan: Plan): Several
  /** Once this step has begun, the job can only be finished, not undone. */
  readonly pivot?: NoInfer<Step>
  /** What start-up does with an operation that was interrupted before its pivot. */
  readonly recovery: 'resume' | 'roll-back'
  /** The thing it is about, and owns: `instance/school`, or a thing that exists once. */
  about(input: z.output<Input>): string
  /** Everything that its steps' `do` and `undo` may touch. */
  claims(plan: NoInfer<Plan>): readonly Claim[]
  /** The instance it is about, as the operator writes it; absent if it isn't about one. */
  name?(plan: Plan): string
  /** The input to run it again; absent if that needs a secret or a decision. */
  again?(plan: Plan): z.input<Input>
  words(telling: Telling<Plan>): Words
  /** The instance's status in the list while the job runs, e.g. “Starting…”. */
  readonly status?: string
  readonly cancel: { readonly meaning: string; readonly confirm: string }
  /** Kinds of jobs on the same instance that it cancels and undoes first, instead of waiting. */
  readonly interrupts?: readonly string[]
  /**
   * It gives way: any other job on the same instance cancels it first, and meanwhile the instance is shown, and can be
   * used, as if it weren't running.
   */
  readonly background?: true
  /** Its steps have no undo: what they did stays done if it fails or is cancelled. */
  readonly nothingToUndo?: true
  /** PostgreSQL and PgBouncer are started first, as a separate operation. `to-restart`: if its input has `restart`. */
  readonly needsInfrastructure?: true | 'to-restart'
  /** Bytes of disk space it needs, unless it works that out itself. Absent: little more than its journal. */
  readonly space?: number
  /** Its tools print output early on. */
  readonly prints?: true
  /** It takes only a moment, and the list itself shows its success. */
  readonly brief?: true
  /** The instance still exists afterwards and can be shown. */
  readonly keeps?: true
  /** What it does to several instances, e.g. “created”, in a notice about all of them. Absent: `bulk.done`, if any. */
  readonly past?: string
  readonly offer?: Offer
  readonly bulk?: Bulk
  /** The command that runs it, named after its kind; for jobs that only need an instance's name. */
  readonly command?: { readonly description: string; readonly example: string }
  /**
   * Instances that the job may only touch if they aren't protected, or if their names were typed. Absent: none.
   * @param known all there are, as they are now
   */
  guards?(input: z.output<Input>, known: KnownInstances): readonly string[]
}

/** Any job. Its methods must be given values that the same job's schemas parsed. */
// oxlint-disable-next-line typescript/no-explicit-any -- each job has a plan of its own
export type AnyJob = Job<string, z.ZodObject, any>

/** Type-checks a descriptor and keeps its exact types. */
export const defineJob = <
  const Kind extends string,
  Input extends z.ZodObject,
  Plan extends Json,
  const Step extends string,
>(
  job: Job<Kind, Input, Plan, Step>,
): Job<Kind, Input, Plan, Step> => job

/** What cancelling means for most jobs. */
export const undoesAll = {
  meaning: 'Everything done so far will be undone, newest first.',
  confirm: 'Cancel and undo',
} as const
