/** Queries and transactions that last, and those that wait for each other; each can be ended if it is an instance's. */
import { Button, Table, VisuallyHidden } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { uptime } from '../../../../shared/amounts'
import type { LockWait, Session, SessionEnd } from '../../../../shared/database-activity'
import { confirm } from '../../app/confirm'
import { notifyNews, notifyProblem } from '../../app/notify'
import { useTRPC } from '../../app/trpc'
import classes from './connections.module.css'

/** More are shown on request, so that they don't push everything else away. */
const shown = 5

export function Sessions({ sessions }: { sessions: readonly Session[] }) {
  const [all, setAll] = useState(false)
  return (
    <SessionTable label="Long queries">
      <Table.Tbody>
        {sessions.slice(0, all ? undefined : shown).map(it => (
          <SessionRow key={it.pid} session={it} />
        ))}
        {!all && sessions.length > shown && (
          <Table.Tr>
            <Table.Td colSpan={4}>
              <Button size="xs" variant="subtle" onClick={() => setAll(true)}>
                Show {sessions.length - shown} more
              </Button>
            </Table.Td>
          </Table.Tr>
        )}
      </Table.Tbody>
    </SessionTable>
  )
}

export const Locks = ({ locks }: { locks: readonly LockWait[] }) => (
  <SessionTable label="Waiting for locks">
    {locks.map(({ waiting, blockers }) => (
      <Table.Tbody key={waiting.pid}>
        <SessionRow session={waiting} />
        {blockers.map(it => (
          <SessionRow key={it.pid} session={it} blocks />
        ))}
        {blockers.length === 0 && (
          <Table.Tr>
            <Table.Td colSpan={4} className={`${classes.blocker} dimmed`}>
              waiting for PostgreSQL itself: a vacuum, or a prepared transaction
            </Table.Td>
          </Table.Tr>
        )}
      </Table.Tbody>
    ))}
  </SessionTable>
)

const SessionTable = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={`card ${classes.table}`}>
    <Table verticalSpacing={8} horizontalSpacing={16} aria-label={label}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Instance</Table.Th>
          <Table.Th>For</Table.Th>
          <Table.Th>Query</Table.Th>
          <Table.Th>
            <VisuallyHidden>Actions</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      {children}
    </Table>
  </div>
)

/** @param blocks it is what the one above waits for */
function SessionRow({ session, blocks = false }: { session: Session; blocks?: boolean }) {
  const { instance, own, state, seconds, text } = session
  const end = useEnd()
  const who = instance === undefined ? 'Another program' : own ? instance : `Another program, in ${instance}`
  return (
    <Table.Tr>
      <Table.Th scope="row" className={blocks ? classes.blocker : classes.name}>
        {blocks && <span className="dimmed">waits for </span>}
        {who}
      </Table.Th>
      <Table.Td className={classes.number}>{uptime(seconds * 1000)}</Table.Td>
      <Table.Td className={classes.query}>
        {state === 'idle' && <span className={classes.idle}>Idle in a transaction. </span>}
        {own ? <code>{text}</code> : <span className="dimmed">not shown</span>}
      </Table.Td>
      <Table.Td className={classes.acts}>
        {own && (
          <div role="group" aria-label={`${who}: actions`}>
            {state === 'active' && (
              <Button size="xs" variant="default" disabled={end.isPending} onClick={() => end.ask(session, 'cancel')}>
                Cancel…
              </Button>
            )}
            <Button size="xs" variant="default" disabled={end.isPending} onClick={() => end.ask(session, 'terminate')}>
              Terminate…
            </Button>
          </div>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

const words = {
  cancel: {
    title: (name: string) => `Cancel this query of ${name}?`,
    effect: 'The application gets an error for it. Its connection stays open.',
    confirm: 'Cancel the query',
    done: 'The query is cancelled',
  },
  terminate: {
    title: (name: string) => `Terminate this connection of ${name}?`,
    effect: 'Its transaction is rolled back, and the application gets an error.',
    confirm: 'Terminate',
    done: 'The connection is terminated',
  },
} as const

function useEnd() {
  const trpc = useTRPC()
  const end = useMutation(trpc.infrastructure.endSession.mutationOptions({ onError: notifyProblem }))
  return {
    isPending: end.isPending,
    ask({ pid, opened, query, transaction, instance = '', text }: Session, how: SessionEnd) {
      const its = words[how]
      confirm({
        title: its.title(instance),
        children: (
          <>
            <pre className={classes.asked} tabIndex={0}>
              {text}
            </pre>
            {its.effect}
          </>
        ),
        confirm: its.confirm,
        cancel: 'Keep running',
        onConfirm: () =>
          end.mutate(
            { session: { pid, opened, query, transaction }, how },
            { onSuccess: () => notifyNews(its.done, instance, 'good') },
          ),
      })
    },
  }
}
