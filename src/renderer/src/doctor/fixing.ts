/** Applies fixes one after the other, each as an operation of its own. */
import { useCallback, useState } from 'react'
import type { StartRequest } from '../../../shared/jobs'
import { isMoving, problemOf as problemIn, type OperationState } from '../../../shared/operation'
import type { Problem } from '../../../shared/problem'
import { useOperationsStore } from '../app/live'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'
import type { OperationsStore } from '../operations/store'

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
            async ({ id }) => problemIn(await rested(operations, id)),
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

/** Resolves when it has ended or is stuck. */
function rested(operations: OperationsStore, id: string): Promise<OperationState> {
  const find = (): OperationState | undefined => operations.view().operations.find(it => it.id === id && !isMoving(it))
  return new Promise(resolve => {
    const known = find()
    if (known) return resolve(known)
    const stop = operations.subscribe(() => {
      const found = find()
      if (!found) return
      stop()
      resolve(found)
    })
  })
}
