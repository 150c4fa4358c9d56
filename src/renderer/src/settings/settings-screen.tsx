/** The Settings screen: appearance, disk space, releases, the workspace's settings, paths and version. */
import { Button, SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { CopyButton } from '../app/copy-button'
import { useApp, useInfrastructure } from '../app/live'
import { notifyProblem } from '../app/notify'
import { Page, Section } from '../app/page'
import { Status } from '../app/status'
import { driverTitle } from '../../../shared/infrastructure'
import { DiskFacts } from '../space/disk'
import { Releases } from '../space/releases'
import { AutostartSwitch } from './autostart'
import { Sessions } from './sessions'
import { WorkspaceSettings } from './settings-form'
import facts from '../app/facts.module.css'
import classes from './settings.module.css'

export function SettingsScreen() {
  const { workspace, version, desktop, served } = useApp()
  const { data } = useInfrastructure()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <Page title="Settings" narrow>
      <Section title="Appearance">
        <Card>
          <Row word="Theme">
            <SegmentedControl
              aria-label="Theme"
              value={colorScheme}
              onChange={value => setColorScheme(value)}
              data={[
                { value: 'auto', label: 'System' },
                { value: 'light', label: 'Light' },
                { value: 'dark', label: 'Dark' },
              ]}
            />
          </Row>
        </Card>
      </Section>
      <Section title="Disk space">
        <DiskFacts />
      </Section>
      <Section title="Releases">
        <Releases />
      </Section>
      <Section title="Notifications">
        <Card>
          <Row word="On the desktop">
            <Notifications />
          </Row>
        </Card>
      </Section>
      {served && (
        <Section title="Browsers with these pages open">
          <Sessions />
        </Section>
      )}
      <WorkspaceSettings driver={data?.driver} />
      <Section title="After a reboot">
        <Card>
          <Row word="Start after a reboot">
            <AutostartSwitch />
          </Row>
        </Card>
      </Section>
      <Section title="Workspace">
        <Card>
          <Row word="Folder">
            <Path path={workspace?.path ?? ''} />
          </Row>
          <Row word="Internal data">
            <Path path={`${workspace?.path ?? ''}/.instance-manager`} />
          </Row>
          {data && (
            <Row word="Driver">
              {driverTitle[data.driver]}
              <span className="dimmed">
                · change it under <Link href="/infrastructure">Infrastructure</Link>
              </span>
            </Row>
          )}
        </Card>
      </Section>
      <Section title="About">
        <Card>
          <Row word="Instance Manager">
            Version {version}, {desktop ? 'desktop app' : 'served page'}
          </Row>
        </Card>
      </Section>
    </Page>
  )
}

/** The desktop app may always notify; a served page needs the browser's permission. */
function Notifications() {
  const [permission, setPermission] = useState(() => ('Notification' in window ? Notification.permission : 'denied'))
  const ask = (): void => {
    Notification.requestPermission().then(setPermission, notifyProblem)
  }
  return (
    <>
      <span>When an instance errors, and when a long job ends while this window is hidden.</span>
      {permission === 'default' && (
        <Button size="xs" variant="default" onClick={ask}>
          Allow notifications
        </Button>
      )}
      {permission === 'granted' && <Status tone="good">Allowed</Status>}
      {permission === 'denied' && <Status tone="idle">Not allowed by the browser</Status>}
    </>
  )
}

const Card = ({ children }: { children: ReactNode }) => (
  <dl className={`card ${facts.facts} ${classes.card}`}>{children}</dl>
)
const Row = ({ word, children }: { word: string; children: ReactNode }) => (
  <div>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </div>
)
const Path = ({ path }: { path: string }) => (
  <>
    <span className={`mono ${classes.path}`}>{path}</span>
    <CopyButton value={path} label="path" />
  </>
)
