/** Short news in the corner, for what has no place of its own on the screen. */
import { notifications } from '@mantine/notifications'
import { IconCheck, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { ProblemAction } from './problem'
import { problemOf } from './problem-of'

/** For the `onError` of a call without a place to show its Problem. Stays until it is closed. */
export function notifyProblem(error: unknown): void {
  const problem = problemOf(error)
  const { message, cause, hint } = problem
  notifications.show({
    title: message,
    color: 'red',
    icon: <IconX size={18} />,
    autoClose: false,
    message: (
      <>
        {[cause, hint].filter(Boolean).join(' ')}
        {problem.action && (
          <div style={{ marginTop: 8 }}>
            <ProblemAction problem={problem} />
          </div>
        )}
      </>
    ),
  })
}

export function notifyNews(title: string, message: ReactNode, good: boolean): void {
  notifications.show({
    title,
    message,
    color: good ? 'green' : 'gray',
    icon: good ? <IconCheck size={18} /> : undefined,
    autoClose: 8000,
  })
}
