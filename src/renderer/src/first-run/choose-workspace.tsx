/** The first screen: a workspace from the sample application, an existing folder, or a recent workspace. */
import { useEffect } from 'react'
import { useApp } from '../app/live'
import { ProblemView } from '../app/problem'
import { ExistingFolder } from './existing-folder'
import { Frame } from './frame'
import { RecentWorkspaces } from './recent-workspaces'
import { SampleWorkspace } from './sample-workspace'
import classes from './first-run.module.css'

export function ChooseWorkspace() {
  const { problem, recent } = useApp()
  useEffect(() => {
    document.title = 'Instance Manager'
  }, [])
  return (
    <Frame
      stage={0}
      title="Choose a workspace"
      lead="A folder with your application (server/ and client/) and the instances created from it."
    >
      {problem && <ProblemView problem={problem} tone={problem.workspace === undefined ? 'bad' : 'warn'} />}
      {recent.length > 0 && <RecentWorkspaces recent={recent} />}
      <div className={classes.ways}>
        <SampleWorkspace />
        <ExistingFolder />
      </div>
    </Frame>
  )
}
