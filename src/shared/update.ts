/** A version of the product that isn't the one that is running, and what to do to use it. */

export interface Update {
  readonly version: string
  /** `available`: an apt source has it. `installed`: the package was upgraded after this process had started. */
  readonly is: 'available' | 'installed'
}

export const updateTitle = ({ version, is }: Update): string => `Instance Manager ${version} is ${is}.`

/** A command in it is quoted. */
export const updateHint = ({ is }: Update): string =>
  is === 'installed'
    ? 'Restart Instance Manager to use it. Running instances keep running.'
    : 'To install it: “sudo apt update && sudo apt install instance-manager”'
