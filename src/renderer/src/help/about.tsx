/** Which versions are at work: on the Help screen, and in a dialog from which they can be copied. */
import { Button } from '@mantine/core'
import { modals } from '@mantine/modals'
import { updateHint, updateTitle, type Update } from '../../../shared/update'
import { CopyButton } from '../app/copy-button'
import { useApp, useInfrastructure, useUpdate } from '../app/live'
import { Hint } from '../app/problem'
import dialogs from '../instances/dialogs.module.css'
import classes from './help.module.css'

type Versions = readonly (readonly [program: string, version: string])[]

/** Of a browser's name for itself. */
const agent = (program: string): string | undefined => new RegExp(`${program}/([\\d.]+)`).exec(navigator.userAgent)?.[1]

export function useVersions(): Versions {
  const { version, node, pm2, workspace } = useApp()
  const { data } = useInfrastructure()
  const all: readonly (readonly [program: string, version: string | undefined])[] = [
    ['Instance Manager', version],
    ['Node.js', node],
    ['Node.js of instances', workspace?.node && `${workspace.node.version} (${workspace.node.path})`],
    ['Electron', agent('Electron')],
    ['Chromium', agent('Chrome')],
    ['PM2', pm2],
    ['PostgreSQL', data?.postgres.version],
    ['PgBouncer', data?.pgbouncer.version],
  ]
  return all.flatMap(([program, its]) => (its === undefined ? [] : [[program, its] as const]))
}

/** @param update another version that is installed or available */
export const VersionList = ({ versions, update }: { versions: Versions; update: Update | null }) => (
  <>
    <dl className={classes.facts}>
      {versions.map(([program, its]) => (
        <div key={program}>
          <dt>{program}</dt>
          <dd className="mono">{its}</dd>
        </div>
      ))}
    </dl>
    {update && (
      <p className={classes.update}>
        {updateTitle(update)} <Hint text={updateHint(update)} />
      </p>
    )}
  </>
)

/** @returns shows the dialog */
export function useAbout(): () => void {
  const versions = useVersions()
  const update = useUpdate()
  return () => {
    const id = modals.open({
      title: 'About Instance Manager',
      children: (
        <div className={dialogs.form}>
          <VersionList versions={versions} update={update} />
          <div className={dialogs.buttons}>
            <CopyButton value={versions.map(it => it.join(' ')).join('\n')} label="versions" word />
            <Button size="xs" onClick={() => modals.close(id)} data-autofocus>
              Close
            </Button>
          </div>
        </div>
      ),
    })
  }
}
