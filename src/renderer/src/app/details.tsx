/** Text that is shown on demand: a tool's output, what a step did. */
import { Collapse, UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useId, useState, type ReactNode } from 'react'
import { CopyButton } from './copy-button'
import classes from './details.module.css'

interface DetailsProps {
  label: string
  text: string
  /** What the button copies, if that is more than the text. */
  copied?: string
  /** How the text is shown; verbatim by default. */
  children?: ReactNode
}

export function Details({ label, text, copied = text, children }: DetailsProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <div className={classes.details}>
      <div className={classes.detailsHead}>
        <UnstyledButton
          className={classes.toggle}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <IconChevronRight size={14} aria-hidden data-open={open || undefined} />
          {label}
        </UnstyledButton>
        {open && <CopyButton value={copied} label={label.toLowerCase()} />}
      </div>
      <Collapse expanded={open} id={id} keepMounted={false}>
        {children === undefined ? (
          <pre className={classes.pre} tabIndex={0} aria-label={label}>
            {text}
          </pre>
        ) : (
          <div className={`${classes.pre} ${classes.rich}`} tabIndex={0} role="region" aria-label={label}>
            {children}
          </div>
        )}
      </Collapse>
    </div>
  )
}
