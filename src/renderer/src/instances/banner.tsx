/** One line above a screen that says what is wrong and offers what to do. */
import { CloseButton } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './banner.module.css'

interface BannerProps {
  /** `bad`: someone can't work meanwhile. `info`: nothing is wrong. */
  tone: 'bad' | 'warn' | 'info'
  icon: ReactNode
  text: string
  detail?: ReactNode
  /** Its buttons. */
  children?: ReactNode
  onDismiss?: () => void
}

export const Banner = ({ tone, icon, text, detail, children, onDismiss }: BannerProps) => (
  <div className={`toned ${classes.banner}`} data-tone={tone} role="group" aria-label={text}>
    {icon}
    <div className={classes.text}>
      <p role="status">{text}</p>
      {detail && <p>{detail}</p>}
    </div>
    <div className={classes.actions}>
      {children}
      {onDismiss && <CloseButton aria-label="Dismiss" onClick={onDismiss} />}
    </div>
  </div>
)
