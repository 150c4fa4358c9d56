/** The marks of one workspace's databases and roles, and the refusal to touch any that aren't its own. */
import { problem } from '../../shared/problem'
import type { DatabaseNames, DatabaseOwner, Mark } from './database-marks'

export class OwnMarks {
  readonly #workspace: string

  /** @param workspace its id */
  constructor(workspace: string) {
    this.#workspace = workspace
  }

  /**
   * Marks a database and a role as belonging to an instance of this workspace. A database's name begins with the
   * instance's lower-case name.
   */
  mark({ database }: DatabaseNames): string {
    return `${this.#workspace}/${database.replace(/_db$/, '')}`
  }

  /**
   * The mark of another workspace or instance that one of them carries, if any. A tenant can write any comment on the
   * database that its role owns, but none on the role: so the role's mark decides where it names an owner.
   */
  otherMark(names: DatabaseNames, { roleMark, databaseMark, ownedByRole }: DatabaseOwner): string | undefined {
    const marks = ownedByRole && roleMark?.owner !== undefined ? [roleMark] : [roleMark, databaseMark]
    return marks.map(it => it?.owner).find(it => it !== undefined && it !== this.mark(names))
  }

  /** Whether a database is another workspace's. @param ofOwner the mark of the role that owns it, which decides, as above */
  isElsewhere(mark: Mark | undefined, ofOwner: Mark | undefined): boolean {
    const owner = ofOwner?.owner ?? mark?.owner
    return owner !== undefined && !owner.startsWith(`${this.#workspace}/`)
  }

  /**
   * @param how with `halfMade`, a superuser may still own the database
   * @throws Problem `database-foreign`
   */
  require(
    names: DatabaseNames,
    owner: DatabaseOwner,
    { halfMade }: { readonly halfMade: boolean } = { halfMade: false },
  ): void {
    if (owner.database && !owner.ownedByRole && !(halfMade && owner.ownedBySuperuser))
      throw problem({
        code: 'database-foreign',
        message: `The database ${names.database} doesn’t belong to the role ${names.role}.`,
        hint: 'It was left untouched. Check who owns it, then retry.',
      })
    const other = this.otherMark(names, owner)
    if (other !== undefined)
      throw problem({
        code: 'database-foreign',
        message: `The database ${names.database} belongs to another workspace.`,
        cause: `It is marked as ${other}, not ${this.mark(names)}.`,
        hint: 'It was left untouched. If this instance is a copy, adopt it to give it its own database.',
      })
  }
}
