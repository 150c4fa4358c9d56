/** Takes a link from a browser without a session, and tells how to get one. Then it returns to the screen it was at. */
import { Button, MantineProvider, TextInput, Title } from '@mantine/core'
import { IconStack2 } from '@tabler/icons-react'
import { useEffect, useState, type FormEvent } from 'react'
import { CopyButton } from './copy-button'
import { linkIn } from './page-session'
import { onSignedIn } from './session-store'
import { cssVariablesResolver, theme } from './theme'
import classes from './signed-out.module.css'

/** Never a command that the server names: whoever has the port could name any. */
const commands = [
  { command: 'npm run -s cli -- serve --link', installed: false, where: 'in Instance Manager’s folder' },
  { command: 'instance-manager serve --link', installed: true, where: 'if it is installed' },
] as const

/** @param installed what the server says of itself; absent: both commands are shown */
export function SignedOut({ installed }: { installed: boolean | undefined }) {
  useEffect(() => {
    document.title = 'Signed out – Instance Manager'
  }, [])
  useEffect(() => onSignedIn(() => location.reload()), [])
  const shown = commands.filter(it => installed === undefined || it.installed === installed)
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      <main className={classes.page}>
        <span className={classes.brand}>
          <IconStack2 size={22} aria-hidden />
          Instance Manager
        </span>
        <Title order={1}>This browser is not signed in</Title>
        <p>Sessions end when the server stops, or when they are ended in Settings. Your instances keep running.</p>
        <p>For a new link, run this on the machine. A link works once, within an hour.</p>
        <ul>
          {shown.map(({ command, where }) => (
            <li key={command}>
              <code className="mono">{command}</code>
              <CopyButton value={command} label="command" />
              {shown.length > 1 && <span className="dimmed">{where}</span>}
            </li>
          ))}
        </ul>
        <LinkField />
      </main>
    </MantineProvider>
  )
}

function LinkField() {
  const [text, setText] = useState('')
  const [tried, setTried] = useState(false)
  const link = linkIn(text, location.origin)
  const elsewhere = link && 'elsewhere' in link ? link.elsewhere : undefined
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (link && 'fragment' in link) location.hash = link.fragment // as if it had been opened in this tab
  }
  return (
    <form className={classes.form} onSubmit={submit} aria-label="Sign in">
      <TextInput
        className={classes.link}
        label="Sign-in link"
        placeholder={`${location.origin}/#token=…`}
        value={text}
        onChange={event => {
          setText(event.currentTarget.value)
          setTried(false)
        }}
        error={
          tried && elsewhere !== undefined
            ? `This link is for ${new URL(elsewhere).host}, and this page is at ${location.host}.`
            : tried && !link && 'Paste the whole link that the command prints.'
        }
        classNames={{ input: 'mono' }}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
      />
      {tried && elsewhere !== undefined ? (
        <Button component="a" href={elsewhere} rel="noreferrer">
          Open it there
        </Button>
      ) : (
        <Button type="submit">Sign in</Button>
      )}
    </form>
  )
}
