import { IconCircleCheckFilled, IconCircleXFilled } from '@tabler/icons-react'
import type { WorkspaceCheck } from '../../../shared/workspace'
import classes from './first-run.module.css'

/** Which requirements of a base application a folder meets, and what to do about the others. */
export function WorkspaceChecks({ check: { checks, usable, instances } }: { check: WorkspaceCheck }) {
  const missing = checks.filter(it => !it.found)
  return (
    <div className={classes.checks}>
      <p className={classes.verdict}>
        {usable
          ? `This folder can be used${instances ? `; it has ${instances === 1 ? 'one instance' : `${instances} instances`}` : ''}.`
          : `This folder can’t be used yet: ${missing.length === 1 ? 'one thing is' : `${missing.length} things are`} missing.`}
      </p>
      <ul>
        {checks.map(({ item, found, hint }) => (
          <li key={item}>
            {found ? (
              <IconCircleCheckFilled size={16} color="var(--good)" aria-label="found" />
            ) : (
              <IconCircleXFilled size={16} color="var(--bad)" aria-label="missing" />
            )}
            <div>
              <span>{item}</span>
              {!found && hint && <p>{hint}</p>}
            </div>
          </li>
        ))}
      </ul>
    </div>
  )
}
