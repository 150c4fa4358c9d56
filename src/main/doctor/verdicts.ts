/** What checks return. */
import type { CheckId, Finding, Fix, Verdict } from '../../shared/doctor'
import type { Fact } from './facts'

/** A check judges facts and finds nothing out by itself. It returns undefined if it doesn't apply. */
export interface Check<Facts> {
  readonly id: CheckId
  readonly judge: (facts: Facts) => Verdict | undefined
}

export const good: Verdict = { is: 'good' }
export const unchecked = (because: string): Verdict => ({ is: 'unchecked', because })
export const wrong = (
  because: string,
  rest: { readonly hint?: string | undefined; readonly fix?: Fix } = {},
): Verdict => ({
  is: 'wrong',
  because,
  ...rest,
})

/** Judges a fact, if it is known. */
export const judging =
  <Facts, T>(pick: (facts: Facts) => Fact<T> | undefined, judge: (value: T, facts: Facts) => Verdict | undefined) =>
  (facts: Facts): Verdict | undefined => {
    const fact = pick(facts)
    if (!fact) return undefined
    return 'value' in fact ? judge(fact.value, facts) : unchecked(fact.unknown)
  }

export const run = <Facts>(all: readonly Check<Facts>[], facts: Facts): Finding[] =>
  all.flatMap(({ id, judge }) => {
    const verdict = judge(facts)
    return verdict ? [{ check: id, ...verdict }] : []
  })
