/**
 * What a job is. A job describes itself here, once: what it asks for, what it decides, its steps, what it holds, and
 * every word that is said about it. The main process implements it (`operations/implement.ts`); the router, the windows
 * and the command line read it.
 */
import type { z } from 'zod'
import type { InstanceStatus } from '../instance'
import type { Abreast, Json, OperationState } from '../operation'
import type { Claim } from '../things'

/** An operation in words, e.g. “Start school”, “Starting school”, “school is running”, “school couldn’t be started”. */
export interface Words {
  readonly asking: string
  readonly running: string
  readonly done: string
  readonly failed: string
}

/** What the words can say. `plan` is undefined where a journal of another version has one that doesn't fit. */
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
  /** Whether there is anything to do; absent: always. Without, the step isn't in the list. */
  readonly when?: (plan: Plan) => boolean
}

/** What the list of instances can be filtered by: `busy` has an open job, `copy` is to be adopted first. */
export type StatusGroup = InstanceStatus | 'busy' | 'copy'

/** An instance that a job may be offered for. */
export interface Candidate {
  readonly group: StatusGroup
  /** The kind of the open job that makes it busy; absent while that is being undone. */
  readonly job?: string | undefined
  /** It runs as a system user of its own. */
  readonly isolated: boolean
  /** The operator is root. */
  readonly root: boolean
}

/** How a job is offered for an instance: in its menu, in the palette, on its page. */
export interface Offer {
  /** “…” at its end says that something is asked first. */
  readonly label: string
  /** The label before a name, e.g. “Change the port of”; absent: the label without its dots. */
  readonly before?: string
  readonly when: (instance: Candidate) => boolean
  /** One of the few that have a button on the instance's page. `likeliest`: drawn as the first choice. */
  readonly quick?: 'likeliest' | 'likely'
  readonly danger?: true
  /** What is asked where the job has no dialog; absent: nothing. */
  readonly question?: (name: string) => {
    readonly title: string
    readonly text: string
    readonly confirm: string
    /** It takes nothing away. */
    readonly calm?: true
  }
}

/** How a job is done to many instances at once. */
export interface Bulk {
  readonly verb: string
  readonly doing: string
  readonly done: string
  /** What the instances are afterwards. */
  readonly state: string
  /** Why it would change nothing for such an instance; undefined: it would. */
  readonly idle: (group: InstanceStatus) => string | undefined
  /** What to know before many are interrupted; absent: nobody is. */
  readonly warning?: string
  /** The command's description, and the status that `--all` passes over. */
  readonly command: string
  readonly passesOver?: InstanceStatus
}

export interface Job<
  Kind extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Plan extends Json = Json,
  Step extends string = string,
> {
  /** Journaled, so never changed. */
  readonly kind: Kind
  /** Of plan and steps; a journal of another version is adopted or refused. */
  readonly version: number
  readonly input: Input
  /** Every choice, as it is journaled: plain data without secrets. */
  readonly plan: z.ZodType<Plan>
  /** In order. A step's name is journaled: renaming one needs a new version. */
  readonly steps: Readonly<Record<Step, StepDescription<Plan>>>
  /** The instances that it has one more step for each, after the others. */
  instances?(plan: Plan): readonly string[]
  abreast?(plan: Plan): Abreast
  /** The step that, once begun, leaves only the way forward. */
  readonly pivot?: NoInfer<Step>
  /** What start-up does with one that was interrupted before its pivot. */
  readonly recovery: 'resume' | 'roll-back'
  /** The thing that it is about, which it owns: `instance/school`, or a single thing. */
  about(input: z.output<Input>): string
  /** All that `do` and `undo` of its steps may touch. */
  claims(plan: Plan): readonly Claim[]
  /** The instance that it is about, as the operator writes it; absent: it is about none. */
  name?(plan: Plan): string
  /** What asks for the same once more; absent where that needs a secret or a decision. */
  again?(plan: Plan): z.input<Input>
  words(telling: Telling<Plan>): Words
  /** Of the instance in the list while it runs, e.g. “Starting…”. */
  readonly status?: string
  readonly cancel: { readonly meaning: string; readonly confirm: string }
  /** Jobs on the same instance that it doesn't wait for: an open one is cancelled and undone first. */
  readonly interrupts?: readonly string[]
  /** PostgreSQL and PgBouncer are started first, as an operation of their own. */
  readonly needsInfrastructure?: true
  /** Bytes that it takes on the disk, where it doesn't find out itself; absent: little more than its journal. */
  readonly space?: number
  /** Its tools print something soon. */
  readonly prints?: true
  /** It lasts a moment, and the list shows its success. */
  readonly brief?: true
  /** Its instance is there afterwards, to be shown. */
  readonly keeps?: true
  readonly offer?: Offer
  readonly bulk?: Bulk
  /** The command that does it, named as its kind, where a name is all that it asks for. */
  readonly command?: { readonly description: string; readonly example: string }
}

/** Any job, for code that reads many. Methods take what their own job's schema made. */
// oxlint-disable-next-line typescript/no-explicit-any -- each job has a plan of its own
export type AnyJob = Job<string, z.ZodObject, any>

/** Checks a descriptor, and keeps its exact types. */
export const defineJob = <
  const Kind extends string,
  Input extends z.ZodObject,
  Plan extends Json,
  const Step extends string,
>(
  job: Job<Kind, Input, Plan, Step>,
): Job<Kind, Input, Plan, Step> => job

/** What a cancel means for most jobs. */
export const undoesAll = {
  meaning: 'Everything done so far will be undone, newest first.',
  confirm: 'Cancel and undo',
} as const
