/** What is removed with an instance, as it is shown before. */

/** What a deletion would remove. Numbers that couldn't be determined are absent. */
export interface DeletePreview {
  readonly name: string
  readonly running: boolean
  readonly database: {
    readonly name: string
    readonly role: string
    readonly bytes?: number
    readonly connections?: number
  }
  readonly files: {
    readonly folder: string
    /**
     * Where the folder points if it is a link. The target is deleted too, unless it `stays` because it isn't marked as
     * this instance's.
     */
    readonly target?: string | undefined
    readonly stays?: boolean
    /** Excludes packages shared with other instances. */
    readonly bytes: number
    /** Listed separately because they can't be recreated. */
    readonly uploads: number
    readonly count: number
    /** False: counting stopped at `count` files, so all numbers are lower bounds. */
    readonly complete: boolean
    /** Links that point outside the folder: the links are deleted, their targets stay. */
    readonly links: readonly { readonly path: string; readonly target: string }[]
  }
  readonly logs: { readonly count: number; readonly bytes: number }
  /** The instance's own system user, if it has one. */
  readonly systemUser?: string
}

/** What removing a half-created instance would delete. */
export interface LeftoversPreview {
  readonly name: string
  readonly running: boolean
  /** Absent if it has no folder. */
  readonly files?: DeletePreview['files']
  /** Only `ours` is removed. `unknown`: PostgreSQL isn't running. `why`: the reason it isn't ours or is unknown. */
  readonly database: DeletePreview['database'] & {
    readonly state: 'ours' | 'theirs' | 'none' | 'unknown'
    readonly why?: string
  }
  readonly logs: DeletePreview['logs']
}
