/** A director's credentials, for the operator to pass on. */
import type { ReactNode } from 'react'
import { CopyButton } from '../app/copy-button'
import classes from './credentials.module.css'

interface CredentialsProps {
  readonly email: string
  /** Absent: it wasn't changed. */
  readonly password?: ReactNode
  /** Further rows: `dt` and `dd`. */
  readonly children?: ReactNode
}

export const Credentials = ({ email, password, children }: CredentialsProps) => (
  <dl className={classes.credentials}>
    <dt>Director</dt>
    <dd>
      {email}
      <CopyButton value={email} label="email" />
    </dd>
    {password !== undefined && (
      <>
        <dt>Password</dt>
        <dd>{password}</dd>
      </>
    )}
    {children}
  </dl>
)

export const Password = ({ value }: { value: string }) => (
  <>
    <span className={`${classes.password} mono`} data-testid="password">
      {value}
    </span>
    <CopyButton value={value} label="password" />
  </>
)
