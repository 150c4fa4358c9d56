/** Short notices in the corner, for messages without a place of their own on the screen. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCheck, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Problem } from '../../../shared/problem'
import { ProblemAction } from './problem'
import { problemOf } from './problem-of'

/** For the `onError` of a call that has nowhere else to show its Problem. Stays until dismissed. */
export const notifyProblem = (error: unknown): void => show(problemOf(error))

/** Like `notifyProblem`, for a call that can be retried. */
export const notifyWithRetry =
  (retry: () => void) =>
  (error: unknown): void =>
    show(problemOf(error), retry)

function show(problem: Problem, retry?: () => void): void {
  const { message, cause, hint, action } = problem
  const id = notifications.show({
    title: message,
    color: 'red',
    icon: <IconX size={18} />,
    autoClose: false,
    message: (
      <>
        {[cause, hint].filter(Boolean).join(' ')}
        {action && (action !== 'retry' || retry) && (
          <div style={{ marginTop: 8 }}>
            {action === 'retry' ? (
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  notifications.hide(id)
                  retry?.()
                }}
              >
                Try again
              </Button>
            ) : (
              <ProblemAction problem={problem} onStarted={() => notifications.hide(id)} />
            )}
          </div>
        )}
      </>
    ),
  })
}

export type NoticeTone = 'good' | 'bad' | 'neutral'

/** Milliseconds that a notice stays, unless it is `bad`: then it stays until dismissed. */
export const noticeStays = 8000

/** What notices of each tone have in common. */
export const noticeLook = {
  good: { color: 'green', icon: <IconCheck size={18} />, autoClose: noticeStays },
  bad: { color: 'red', icon: <IconX size={18} />, autoClose: false },
  neutral: { color: 'gray', icon: undefined, autoClose: noticeStays },
} as const

export const notifyNews = (title: string, message: ReactNode, tone: NoticeTone): void =>
  void notifications.show({ ...noticeLook[tone], title, message })
