/** What open operations hold. Decides which jobs may begin and which plans are out of date. */
import { wordsOf } from '../../shared/jobs/words'
import type { OperationState, UnreadableJournal } from '../../shared/operation'
import type { Claim } from '../../shared/things'
import { problem } from '../../shared/problem'
import { owns } from '../../shared/things'
import { KeyedQueue } from '../system/serial-queue'

/** A refused journal. If its claims can't be read, it holds everything that has its subject's name. */
export type Unreadable = UnreadableJournal & {
  readonly subject: string | undefined
  readonly claims: readonly Claim[] | undefined
}

/** The first thing that both hold and at least one of them owns. */
const contested = (one: readonly Claim[], other: readonly Claim[]): string | undefined =>
  one.find(it => other.some(theirs => theirs.on === it.on && (it.how === 'own' || theirs.how === 'own')))?.on

/** The name in a thing, e.g. `school` in `instance/school`. */
export const nameOf = (thing: string): string => thing.slice(thing.indexOf('/') + 1)

export class Claims {
  readonly #held = new Map<string, OperationState>()
  /** For each plan being made: the claims taken or released since it began. */
  readonly #plannings = new Set<Claim[]>()
  /** Plans about the same thing are made one at a time. */
  readonly #turns = new KeyedQueue()
  #refused: readonly Unreadable[] = []

  /** Takes an operation's claims unchecked: for operations that are already open. */
  take(holder: OperationState): void {
    this.#held.set(holder.id, holder)
    this.#changed(holder.claims)
  }

  release(id: string): void {
    const claims = this.#held.get(id)?.claims ?? []
    this.#held.delete(id)
    this.#changed(claims)
  }

  /** Sets the refused journals. Whatever they hold stays taken. */
  refuse(journals: readonly Unreadable[]): void {
    this.#refused = journals
  }

  /**
   * Makes a plan and takes what it claims. If an operation that holds some of it began or ended meanwhile, the choices
   * may be out of date, so the plan is made again. Plans about the same thing are made one at a time, so of two clicks
   * the first wins.
   * @param about the thing that the operation owns in any case: while another operation owns it, planning would only
   * fail with a less helpful reason
   * @throws what `plan` throws; Problem `operation-open`
   */
  acquire<Planned extends { readonly state: OperationState }>(
    about: string,
    plan: () => Promise<Planned>,
  ): Promise<Planned> {
    return this.#turns.run(about, () => this.#acquire(about, plan))
  }

  async #acquire<Planned extends { readonly state: OperationState }>(
    about: string,
    plan: () => Promise<Planned>,
  ): Promise<Planned> {
    this.#requireFree([owns(about)], ({ how }) => how === 'own')
    const changes: Claim[] = []
    this.#plannings.add(changes)
    try {
      for (;;) {
        const planned = await plan()
        const { claims } = planned.state
        if (contested(claims, changes.splice(0)) !== undefined) continue
        this.#requireFree(claims)
        this.take(planned.state)
        return planned
      }
    } finally {
      this.#plannings.delete(changes)
    }
  }

  /** The open operations that hold a thing, e.g. `infrastructure`. */
  holders(on: string): readonly OperationState[] {
    return [...this.#held.values()].filter(it => it.claims.some(claim => claim.on === on))
  }

  /** What is held of a kind, e.g. `port`: the name of each thing, and its holder. */
  held(kind: string): ReadonlyMap<string, OperationState> {
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
          message: `Another operation hasn’t finished: ${wordsOf(it).asking}.`,
          action: 'open-activity',
          cause: `Operation ${it.id} holds ${thing.replace('/', ' ')}, which this one needs too.`,
          hint: 'Wait for it, or retry or cancel it in Activity.',
        })
    }
    const refused = this.#refused.find(it =>
      it.claims ? contested(wanted, it.claims) !== undefined : wanted.some(({ on }) => nameOf(on) === it.subject),
    )
    if (refused)
      throw problem({
        code: 'operation-open',
        message: `An earlier operation${refused.subject === undefined ? '' : ` on “${refused.subject}”`} may be unfinished.`,
        action: 'open-activity',
        cause: `The journal of operation ${refused.id} can’t be used: ${refused.problem.message}`,
        hint: refused.problem.hint,
      })
  }
}
