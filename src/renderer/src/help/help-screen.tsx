/** Help: the documentation, which versions are at work, diagnostics, and the keyboard shortcuts. */
import { Anchor, Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { Link } from 'wouter'
import { useUpdate } from '../app/live'
import { Page, Section } from '../app/page'
import { useVersions, VersionList } from './about'
import { useSaveDiagnostics } from './diagnostics'
import { Shortcuts } from './shortcuts'
import classes from './help.module.css'

export function HelpScreen() {
  return (
    <Page title="Help" narrow>
      <Documentation />
      <About />
      <Diagnostics />
      <Section title="Keyboard shortcuts">
        <div className={`card ${classes.card}`}>
          <Shortcuts />
        </div>
      </Section>
    </Page>
  )
}

const documents = [
  { path: 'README.md', title: 'Overview', about: 'First steps, updating, backups, after a reboot, troubleshooting' },
  { path: 'docs/cli.md', title: 'Command line', about: 'Every command with its options' },
  { path: 'docs/settings.md', title: 'Settings', about: 'Every setting with its default' },
  { path: 'docs/manifest.md', title: 'Manifest', about: 'How to describe an application with an unusual layout' },
  { path: 'docs/problems.md', title: 'Problems', about: 'What each message means, and what to do' },
  { path: 'docs/security.md', title: 'Security', about: 'What is protected, from whom, and how' },
  { path: 'docs/architecture.md', title: 'Architecture', about: 'For contributors' },
] as const

const Documentation = () => (
  <Section title="Documentation">
    <dl className={`card ${classes.card} ${classes.facts}`}>
      {documents.map(({ path, title, about }) => (
        <div key={path}>
          <dt>
            <Anchor component={Link} href={`/help/${path}`} size="sm">
              {title}
            </Anchor>
          </dt>
          <dd className="dimmed">{about}</dd>
        </div>
      ))}
    </dl>
  </Section>
)

function Diagnostics() {
  const { run, busy } = useSaveDiagnostics()
  return (
    <Section title="Diagnostics">
      <div className={`card ${classes.card} ${classes.diagnostics}`}>
        <p>
          If someone helps you with a problem, send them this file: versions, settings, what Health finds, recent
          operations and Instance Manager’s log. It contains no passwords, but it names your instances.
        </p>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} loading={busy} onClick={run}>
          Save diagnostics
        </Button>
      </div>
    </Section>
  )
}

const About = () => (
  <Section title="Versions">
    <div className={`card ${classes.card}`}>
      <VersionList versions={useVersions()} update={useUpdate()} />
    </div>
  </Section>
)
