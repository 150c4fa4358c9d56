/** Applies fixes one after the other, each as an operation of its own. */
import { useCallback, useState } from 'react'
import type { StartRequest } from '../../../shared/jobs'
import { whyNotDone } from '../../../shared/jobs/words'
import type { Problem } from '../../../shared/problem'
import { useOperationsStore } from '../app/live'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'
import { whenSettled } from '../operations/when-settled'

export interface Fixing {
  /** Those that are being done. */
  readonly requests: readonly StartRequest[]
  /** Why the last ones couldn't be done. */
  readonly problems: readonly Problem[]
  readonly fix: (requests: readonly StartRequest[]) => void
}

/** @param ended called when all have ended, either way */
export function useFixing(ended: () => void): Fixing {
  const client = useTRPCClient()
  const operations = useOperationsStore()
  const [requests, setRequests] = useState<readonly StartRequest[]>([])
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const fix = useCallback(
    (wanted: readonly StartRequest[]): void => {
      const run = async (): Promise<void> => {
        setRequests(wanted)
        setProblems([])
        for (const it of wanted) {
          const problem = await client.operations.start.mutate(it).then(
            async ({ id }) => whyNotDone(await whenSettled(operations, id)),
            (error: unknown) => problemOf(error),
          )
          if (problem) setProblems(before => [...before, problem])
        }
        setRequests([])
        ended()
      }
      void run()
    },
    [client, operations, ended],
  )
  return { requests, problems, fix }
}
