/** Tells a browser without a session how to get one. */
import { MantineProvider, Title } from '@mantine/core'
import { IconStack2 } from '@tabler/icons-react'
import { useEffect } from 'react'
import { CopyButton } from './copy-button'
import { onSignedIn } from './page-session'
import { cssVariablesResolver, theme } from './theme'
import classes from './signed-out.module.css'

const commands = [
  { command: 'npm run -s cli -- serve --link', where: 'in Instance Manager’s folder' },
  { command: 'instance-manager serve --link', where: 'if it is installed' },
] as const

export function SignedOut() {
  useEffect(() => {
    document.title = 'Signed out – Instance Manager'
  }, [])
  useEffect(() => onSignedIn(() => location.reload()), [])
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      <main className={classes.page}>
        <span className={classes.brand}>
          <IconStack2 size={22} aria-hidden />
          Instance Manager
        </span>
        <Title order={1}>This browser is not signed in</Title>
        <p>
          A sign-in link works once, within an hour. Sessions end when the server stops, or when they are ended in
          Settings.
        </p>
        <p>For a new link, run this on the machine and open the link it prints:</p>
        <ul>
          {commands.map(({ command, where }) => (
            <li key={command}>
              <code className="mono">{command}</code>
              <CopyButton value={command} label="command" />
              <span className="dimmed">{where}</span>
            </li>
          ))}
        </ul>
      </main>
    </MantineProvider>
  )
}
