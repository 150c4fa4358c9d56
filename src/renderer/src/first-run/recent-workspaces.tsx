import { ActionIcon, Button, Title, Tooltip } from '@mantine/core'
import { IconFolder, IconFolderOff, IconX } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { RecentWorkspace } from '../../../shared/workspace'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { when } from '../app/time'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'
import classes from './first-run.module.css'

/** Recently opened workspaces. Those whose folder is gone say so and can be removed from the list. */
export function RecentWorkspaces({ recent }: { recent: readonly RecentWorkspace[] }) {
  const trpc = useTRPC()
  const open = useMutation(trpc.app.open.mutationOptions())
  const forget = useMutation(trpc.app.forget.mutationOptions({ onError: notifyProblem }))
  return (
    <section className={`card ${classes.recent}`} aria-label="Recent workspaces">
      <Title order={2}>Recent</Title>
      {open.error && <ProblemView problem={problemOf(open.error)} />}
      <ul>
        {recent.map(({ path, exists, openedAt }) => {
          const name = path.split('/').at(-1) || path
          return (
            <li key={path} data-missing={!exists || undefined}>
              {exists ? (
                <IconFolder size={20} stroke={1.7} aria-hidden />
              ) : (
                <IconFolderOff size={20} stroke={1.7} aria-hidden />
              )}
              <div className={classes.recentName}>
                <span>{name}</span>
                <span className={`mono ${classes.path}`} title={path}>
                  {path}
                </span>
              </div>
              <span className="dimmed">{exists ? when(openedAt) : 'The folder is gone'}</span>
              {exists && (
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => open.mutate({ path })}
                  loading={open.isPending && open.variables.path === path}
                  aria-label={`Open ${name}`}
                >
                  Open
                </Button>
              )}
              <Tooltip label="Remove from this list">
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  onClick={() => forget.mutate({ path })}
                  aria-label={`Remove ${name} from this list`}
                >
                  <IconX size={16} />
                </ActionIcon>
              </Tooltip>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
