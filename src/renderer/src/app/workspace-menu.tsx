/** The open workspace: its path, and how to switch to another one. */
import { Menu, UnstyledButton } from '@mantine/core'
import { IconArrowsExchange, IconChevronDown, IconCopy, IconFolder } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { count } from '../../../shared/amounts'
import { useLocation } from 'wouter'
import { confirm } from './confirm'
import { useApp } from './live'
import { notifyProblem } from './notify'
import { useTRPC, useTRPCClient } from './trpc'
import classes from './top-bar.module.css'

export function WorkspaceMenu() {
  const { workspace } = useApp()
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [, navigate] = useLocation()
  const close = useMutation(
    trpc.app.close.mutationOptions({ onError: notifyProblem, onSuccess: () => navigate('/instances') }),
  )
  const leave = useMutation({
    mutationFn: () => client.app.others.query(),
    onError: notifyProblem,
    onSuccess: others => {
      if (workspace?.through || others.browsers + others.local === 0) close.mutate()
      else askFirst(others, () => close.mutate())
    },
  })
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
        <Menu.Item leftSection={<IconArrowsExchange size={16} />} onClick={() => leave.mutate()}>
          Switch workspace…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function askFirst({ browsers, local }: { browsers: number; local: number }, onConfirm: () => void): void {
  const who = [
    ...(browsers > 0 ? [count(browsers, 'other browser')] : []),
    ...(local > 0 ? ['a window or command on the machine'] : []),
  ].join(' and ')
  confirm({
    title: 'Switch for everyone?',
    children: `This workspace is also used by ${who}. It closes there too. Instances keep running.`,
    confirm: 'Switch',
    cancel: 'Stay',
    calm: true,
    onConfirm,
  })
}
