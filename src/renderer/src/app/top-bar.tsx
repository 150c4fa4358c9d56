/** The top bar: workspace, status of the two services, search, and the main action. */
import { Button, Kbd, Tooltip, UnstyledButton } from '@mantine/core'
import { spotlight } from '@mantine/spotlight'
import { IconPlus, IconSearch } from '@tabler/icons-react'
import { Link } from 'wouter'
import { ServiceHealth } from './service-health'
import { WorkspaceMenu } from './workspace-menu'
import classes from './top-bar.module.css'

export function TopBar() {
  return (
    <header className={classes.bar}>
      <WorkspaceMenu />
      <ServiceHealth />
      <Tooltip label="Find instances and actions (Ctrl+K)">
        <UnstyledButton
          className={classes.search}
          onClick={spotlight.open}
          aria-label="Search"
          aria-keyshortcuts="Control+K"
        >
          <IconSearch size={16} aria-hidden />
          <span>Search</span>
          <Kbd size="xs">Ctrl K</Kbd>
        </UnstyledButton>
      </Tooltip>
      <Button component={Link} href="/create" size="sm" leftSection={<IconPlus size={16} aria-hidden />}>
        New instance
      </Button>
    </header>
  )
}
