/** Counts a search's matches, reporting progress, and ranks the current match among them. */
import type { LogPosition, LogProgress } from '../../../shared/log'
import type { LogClient } from './client'
import { queryOf, type LogChoice } from './wanted'

export class Count {
  #ends: (() => void)[] = []
  readonly #client: LogClient
  readonly #onCount: (count: LogProgress) => void
  readonly #ranked: (position: LogPosition, rank: number) => void
  readonly #failed: (error: unknown) => void

  constructor(
    client: LogClient,
    onCount: (count: LogProgress) => void,
    ranked: (position: LogPosition, rank: number) => void,
    failed: (error: unknown) => void,
  ) {
    this.#client = client
    this.#onCount = onCount
    this.#ranked = ranked
    this.#failed = failed
  }

  begin(wanted: LogChoice): void {
    this.end()
    this.#ends = [
      this.#client.count(queryOf(wanted), { data: this.#onCount, error: this.#failed, lost: () => this.begin(wanted) }),
    ]
  }

  /** Determines the line's rank among all matches. */
  rank(wanted: LogChoice, position: LogPosition): void {
    this.#ends.push(
      this.#client.count(
        { ...queryOf(wanted), until: position },
        {
          data: ({ hits, done }) => {
            if (done) this.#ranked(position, hits)
          },
          error: () => undefined, // the total count shows it
          lost: () => undefined,
        },
      ),
    )
  }

  end(): void {
    for (const end of this.#ends) end()
    this.#ends = []
  }
}
