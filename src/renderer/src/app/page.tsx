/** The layout of every screen: title, lead and actions; and empty states. */
import { Anchor, Title } from '@mantine/core'
import { IconChevronLeft } from '@tabler/icons-react'
import { useEffect, type ReactNode } from 'react'
import { Link } from 'wouter'
import { useApp } from './live'
import classes from './page.module.css'

interface PageProps {
  title: string
  /** Shown above the title: the way back. */
  above?: ReactNode
  /** Shown under the title, in one line. */
  lead?: ReactNode
  actions?: ReactNode
  /** For pages that are read rather than scanned. */
  narrow?: boolean
  /** For lists: uses the full width. */
  wide?: boolean
  /** At least as high as the window. */
  fill?: boolean
  children: ReactNode
}

export function Page({ title, above, lead, actions, narrow, wide, fill, children }: PageProps) {
  const { workspace } = useApp()
  useEffect(() => {
    document.title = [title, workspace?.name, 'Instance Manager'].filter(Boolean).join(' – ')
  }, [title, workspace?.name])
  return (
    <div
      className={classes.page}
      data-narrow={narrow || undefined}
      data-wide={wide || undefined}
      data-fill={fill || undefined}
    >
      <header className={classes.header}>
        <div className={classes.heading}>
          {above}
          <Title order={1}>{title}</Title>
          {lead && <p className={classes.lead}>{lead}</p>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** The way back, above a page's title. */
export const BackLink = ({ href, children }: { href: string; children: ReactNode }) => (
  <Anchor component={Link} href={href} className={classes.back}>
    <IconChevronLeft size={16} aria-hidden />
    {children}
  </Anchor>
)

interface Tab {
  readonly href: string
  readonly word: string
  readonly current: boolean
}

/** The parts of a page, each with an address of its own. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav className={classes.tabs} aria-label={label}>
      {tabs.map(({ href, word, current }) => (
        <Link key={href} href={href} aria-current={current ? 'page' : undefined}>
          {word}
        </Link>
      ))}
    </nav>
  )
}

/** An empty screen explains what will be here and how to get it. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode
  title: string
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <section className={classes.empty}>
      <div className={classes.emptyIcon} aria-hidden>
        {icon}
      </div>
      <Title order={2}>{title}</Title>
      <div className={classes.emptyText}>{children}</div>
      {action}
    </section>
  )
}

/** A heading with its content. */
export function Section({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <Title order={2}>{title}</Title>
        {aside}
      </div>
      {children}
    </section>
  )
}
