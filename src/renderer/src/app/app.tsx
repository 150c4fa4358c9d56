/** The root component: theme, connection to the main process, then the screens. */
import { Center, MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { QueryClientProvider } from '@tanstack/react-query'
import { Router } from 'wouter'
import type { AppState } from '../../../shared/workspace'
import { Setup } from '../first-run/setup'
import { DraftProvider } from '../create/draft'
import { JobDialog } from '../jobs/dialogs'
import { JobsProvider } from '../jobs/jobs'
import { ListStateProvider } from '../instances/list-state'
import { ShellsProvider } from '../terminal/shells'
import { useAddress } from './address'
import { ConnectionBanner, ConnectionState } from './connection'
import { AppLive, useApp, WorkspaceLiveProvider, type LiveValue } from './live'
import { later, Part } from './later'
import { Opening } from './opening'
import { ProblemView } from './problem'
import { Shelf } from './shelf'
import { Shell } from './shell'
import { cssVariablesResolver, theme } from './theme'
import { TRPCProvider, type Connection } from './trpc'
import classes from './app.module.css'

const ChooseWorkspace = later(() => import('../first-run/choose-workspace').then(it => it.ChooseWorkspace))

export function Root({ connection }: { connection: Connection }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      {/* a fault anywhere, in a dialog too, must not leave an empty window */}
      <Part>
        <QueryClientProvider client={connection.queryClient}>
          <TRPCProvider trpcClient={connection.client} queryClient={connection.queryClient}>
            <ConnectionState socket={connection.socket}>
              {/* oxlint-disable-next-line react/hooks -- wouter takes the hook as a value and calls it as one */}
              <Router hook={useAddress}>
                <ModalsProvider>
                  <div className={classes.frame}>
                    <ConnectionBanner />
                    <AppLive Waiting={Waiting}>
                      <Rooms />
                    </AppLive>
                    <Shelf />
                  </div>
                </ModalsProvider>
              </Router>
            </ConnectionState>
          </TRPCProvider>
        </QueryClientProvider>
      </Part>
    </MantineProvider>
  )
}

function Waiting({ problem, retry }: Omit<LiveValue<AppState>, 'data'>) {
  if (!problem) return <Opening />
  return (
    <Center component="main" className={classes.waiting}>
      <ProblemView problem={problem} onRetry={retry} />
    </Center>
  )
}

/** Without a workspace, the choice of one; in a new workspace, its setup; otherwise the main screens. */
function Rooms() {
  const { workspace } = useApp()
  if (!workspace)
    return (
      <Part>
        <ChooseWorkspace />
      </Part>
    )
  return (
    <WorkspaceLiveProvider key={workspace.path}>
      <DraftProvider workspace={workspace.path}>
        <JobsProvider>
          <ListStateProvider>
            <ShellsProvider>
              <Setup>
                <Shell />
              </Setup>
              <JobDialog />
            </ShellsProvider>
          </ListStateProvider>
        </JobsProvider>
      </DraftProvider>
    </WorkspaceLiveProvider>
  )
}
