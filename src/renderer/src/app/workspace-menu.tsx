/** The open workspace: its path, and how to switch to another one. */
import { Menu, UnstyledButton } from '@mantine/core'
import { IconArrowsExchange, IconChevronDown, IconCopy, IconFolder } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { useApp } from './live'
import { notifyProblem } from './notify'
import { useTRPC } from './trpc'
import classes from './top-bar.module.css'

export function WorkspaceMenu() {
  const { workspace } = useApp()
  const trpc = useTRPC()
  const [, navigate] = useLocation()
  const close = useMutation(
    trpc.app.close.mutationOptions({ onError: notifyProblem, onSuccess: () => navigate('/instances') }),
  )
  if (!workspace) return null
  return (
    <Menu position="bottom-start" width={320} withInitialFocusPlaceholder={false} withinPortal={false}>
      <Menu.Target>
        <UnstyledButton className={classes.workspace} aria-label={`Workspace ${workspace.name}`}>
          <IconFolder size={18} aria-hidden />
          <span className="truncate">{workspace.name}</span>
          <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {workspace.through && (
          <Menu.Label>
            Shown through{' '}
            {workspace.through.address === undefined ? 'another window' : `the server at ${workspace.through.address}`}
          </Menu.Label>
        )}
        <Menu.Item
          leftSection={<IconCopy size={16} />}
          onClick={() => void navigator.clipboard.writeText(workspace.path)}
        >
          Copy the path<span className={`${classes.path} mono`}>{workspace.path}</span>
        </Menu.Item>
        <Menu.Item leftSection={<IconArrowsExchange size={16} />} onClick={() => close.mutate()}>
          Switch workspace…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
