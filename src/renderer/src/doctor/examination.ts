/** The health report as it arrives: the last findings stay until new ones replace them. */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Examined } from '../../../shared/doctor'
import type { Problem } from '../../../shared/problem'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'

export interface Examination {
  /** What the instances share first. */
  readonly found: readonly Examined[]
  /** While it runs: how many of how many have been examined. */
  readonly progress?: { readonly done: number; readonly of: number }
  /** When it ended. */
  readonly at?: Date
  readonly problem?: Problem
}

/** @param name an instance; all by default */
export function useExamination(name: string | undefined): Examination & { readonly again: () => void } {
  const client = useTRPCClient()
  const [shown, setShown] = useState<Examination>({ found: [], progress: { done: 0, of: 0 } })
  const running = useRef<{ unsubscribe(): void }>(undefined)
  const begin = useCallback(() => {
    let fresh: readonly Examined[] = []
    let of = 0
    running.current?.unsubscribe()
    running.current = client.doctor.examine.subscribe(
      { name },
      {
        onData(news) {
          if (news.type === 'begun') {
            fresh = []
            of = news.count
          } else {
            fresh = [...fresh, { name: news.name, findings: news.findings }]
          }
          const now = fresh
          setShown(({ found }) => ({ found: merged(found, now), progress: { done: now.length, of } }))
        },
        onComplete: () => setShown({ found: fresh, at: new Date() }),
        onError: error => setShown(({ found }) => ({ found, problem: problemOf(error) })),
      },
    )
  }, [client, name])
  useEffect(() => {
    begin()
    return () => running.current?.unsubscribe()
  }, [begin])
  const again = useCallback(() => {
    setShown(({ found }) => ({ found, progress: { done: 0, of: 0 } }))
    begin()
  }, [begin])
  return { ...shown, again }
}

/** The new findings, in place of the old ones. */
function merged(before: readonly Examined[], now: readonly Examined[]): readonly Examined[] {
  const others = before.filter(it => !now.some(({ name }) => name === it.name))
  const rank = ({ name = '' }: Examined): string => name
  return [...now, ...others].toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
}
