/** What open operations hold, and what follows from it: which job may begin, and which plan is out of date. */
import type { UnreadableJournal } from '../../shared/operation'
import type { Claim } from '../../shared/things'
import { problem } from '../../shared/problem'
import { owns } from '../../shared/things'
import { KeyedQueue } from '../system/serial-queue'

/** An operation that is open or about to be. */
export interface Holder {
  readonly id: string
  readonly kind: string
  readonly subject: string
  readonly claims: readonly Claim[]
}

/** A refused journal. Where its claims can't be read, it holds every thing of its subject's name. */
export type Unreadable = UnreadableJournal & {
  readonly subject: string | undefined
  readonly claims: readonly Claim[] | undefined
}

/** The first thing that both hold and one of them owns. */
const contested = (one: readonly Claim[], other: readonly Claim[]): string | undefined =>
  one.find(it => other.some(theirs => theirs.on === it.on && (it.how === 'own' || theirs.how === 'own')))?.on

/** `instance/school` is called `school`. */
export const nameOf = (thing: string): string => thing.slice(thing.indexOf('/') + 1)

export class Claims {
  readonly #held = new Map<string, Holder>()
  /** For each plan that is being made: what was taken and released meanwhile. */
  readonly #plannings = new Set<Claim[]>()
  /** Plans about the same thing are made one after the other. */
  readonly #turns = new KeyedQueue()
  #refused: readonly Unreadable[] = []

  /** Takes without asking: for what is open already. */
  take(holder: Holder): void {
    this.#held.set(holder.id, holder)
    this.#changed(holder.claims)
  }

  release(id: string): void {
    const claims = this.#held.get(id)?.claims ?? []
    this.#held.delete(id)
    this.#changed(claims)
  }

  /** Which refused journals there are. What they hold, nobody gets. */
  refuse(journals: readonly Unreadable[]): void {
    this.#refused = journals
  }

  /**
   * Makes a plan and takes what it claims. It is made again if an operation that holds some of it began or ended
   * meanwhile: it was chosen from what is no longer so. Plans about the same thing are made one after the other, so of
   * two clicks the first one wins.
   * @param about the thing that it will own in any case: while another operation owns that, a plan would only fail with
   * a less helpful reason
   * @throws what `plan` throws; Problem `operation-open`
   */
  acquire<Made extends Holder>(about: string, plan: () => Promise<Made>): Promise<Made> {
    return this.#turns.run(about, () => this.#acquire(about, plan))
  }

  async #acquire<Made extends Holder>(about: string, plan: () => Promise<Made>): Promise<Made> {
    this.#requireFree([owns(about)], ({ how }) => how === 'own')
    const changes: Claim[] = []
    this.#plannings.add(changes)
    try {
      for (;;) {
        const made = await plan()
        if (contested(made.claims, changes.splice(0)) !== undefined) continue
        this.#requireFree(made.claims)
        this.take(made)
        return made
      }
    } finally {
      this.#plannings.delete(changes)
    }
  }

  /** Open operations that hold a thing, e.g. `infrastructure`. */
  holders(on: string): readonly Holder[] {
    return [...this.#held.values()].filter(it => it.claims.some(claim => claim.on === on))
  }

  /** What is held of a kind, e.g. `port`: the things' names without it, and by whom. */
  held(kind: string): ReadonlyMap<string, Holder> {
    const prefix = `${kind}/`
    return new Map(
      [...this.#held.values()].flatMap(holder =>
        holder.claims.filter(it => it.on.startsWith(prefix)).map(it => [it.on.slice(prefix.length), holder] as const),
      ),
    )
  }

  #changed(claims: readonly Claim[]): void {
    for (const changes of this.#plannings) changes.push(...claims)
  }

  #requireFree(wanted: readonly Claim[], counts: (theirs: Claim) => boolean = () => true): void {
    for (const it of this.#held.values()) {
      const thing = contested(wanted, it.claims.filter(counts))
      if (thing !== undefined)
        throw problem({
          code: 'operation-open',
          message: `Another operation isn’t finished: ${it.kind} ${it.subject}.`,
          action: 'open-activity',
          cause: `Operation ${it.id} holds ${thing.replace('/', ' ')}; two at once would work against each other.`,
          hint: 'Wait for it, retry it or cancel it in Activity.',
        })
    }
    const refused = this.#refused.find(it =>
      it.claims ? contested(wanted, it.claims) !== undefined : wanted.some(({ on }) => nameOf(on) === it.subject),
    )
    if (refused)
      throw problem({
        code: 'operation-open',
        message: `An earlier operation on ${refused.subject ?? 'the same'} may be unfinished.`,
        action: 'open-activity',
        cause: `The journal of operation ${refused.id} can’t be used: ${refused.problem.message}`,
        hint: refused.problem.hint,
      })
  }
}
