/** Amounts in words. */
import { bytes } from '../../../../shared/amounts'

/** e.g. `+3 MB in an hour`; undefined if it isn't known or nothing to speak of. */
export const growth = (change: number | undefined): string | undefined =>
  change === undefined || Math.abs(change) < 100_000
    ? undefined
    : `${change < 0 ? '−' : '+'}${bytes(Math.abs(change))} in an hour`

/** e.g. `99.8 %`. */
export const cacheHits = (share: number | undefined): string | undefined =>
  share === undefined ? undefined : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`
