/** What the form about a director's account asks for. */

export interface Account {
  readonly email: string
  readonly name: string
}

/** What was typed over the account's values. Absent: nothing. */
export interface Typed {
  readonly email?: string
  readonly name?: string
}

interface Change {
  readonly instance: string
  /** The account's email address now. */
  readonly account: string
  /** Absent: only its email address is known. */
  readonly known: Account | undefined
  readonly typed: Typed
  /** Absent: the old one stays. */
  readonly password: string | undefined
}

/** The job's input; what stays the same is left out. */
export function inputOf({ instance, account, known, typed, password }: Change) {
  const { email = '', name = '' } = known ?? {}
  return {
    name: instance,
    account,
    ...(typed.email !== undefined && typed.email !== email && { email: typed.email }),
    ...(typed.name !== undefined && typed.name !== name && { fullName: typed.name }),
    ...(password !== undefined && { password }),
  }
}
