/** What every screen has: a title, one line on what it is, and its actions; and the screen that is still empty. */
import { Title } from '@mantine/core'
import { useEffect, type ReactNode } from 'react'
import classes from './page.module.css'

interface PageProps {
  title: string
  /** Above the title: the way back. */
  above?: ReactNode
  /** One line under the title. */
  lead?: ReactNode
  actions?: ReactNode
  /** Narrow pages are read, wide ones are scanned. */
  narrow?: boolean
  /** Lists take all the width there is. */
  wide?: boolean
  /** As high as the window, at least. */
  fill?: boolean
  children: ReactNode
}

export function Page({ title, above, lead, actions, narrow, wide, fill, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} – Instance Manager`
  }, [title])
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

/** An empty screen teaches: what would be here, and how it comes about. */
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

/** A heading with its content, the rhythm of long screens. */
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
