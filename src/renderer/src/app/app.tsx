/** The app from the outside in: the look, the line to the main process, then what there is to show. */
import { Center, Loader, MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { Router } from 'wouter'
import { useHashLocation } from 'wouter/use-hash-location'
import { ChooseWorkspace } from '../first-run/choose-workspace'
import { Setup } from '../first-run/setup'
import { DraftProvider } from '../create/draft'
import { ConnectionBanner, ConnectionState } from './connection'
import { AppLive, useApp, WorkspaceLiveProvider } from './live'
import { ProblemView } from './problem'
import { Shell } from './shell'
import { cssVariablesResolver, theme } from './theme'
import { TRPCProvider, type Connection } from './trpc'
import classes from './app.module.css'

export function App({ connection }: { connection: Connection }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
      <QueryClientProvider client={connection.queryClient}>
        <TRPCProvider trpcClient={connection.client} queryClient={connection.queryClient}>
          <ConnectionState socket={connection.socket}>
            <Router hook={useHashLocation}>
              <ModalsProvider>
                <Notifications position="bottom-right" />
                <div className={classes.frame}>
                  <ConnectionBanner />
                  <AppLive fallback={({ problem, retry }) => (
                    <Center component="main" className={classes.waiting}>
                      {problem ? <ProblemView problem={problem} onRetry={retry} /> : <Loader aria-label="Connecting" />}
                    </Center>
                  )}>
                    <Rooms />
                  </AppLive>
                </div>
              </ModalsProvider>
            </Router>
          </ConnectionState>
        </TRPCProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

/** No workspace: choose one. A fresh one: set it up. Else: the control room. */
function Rooms() {
  const { workspace } = useApp()
  if (!workspace) return <ChooseWorkspace />
  return (
    <WorkspaceLiveProvider key={workspace.path}>
      <DraftProvider>
        <Setup>
          <Shell />
        </Setup>
      </DraftProvider>
    </WorkspaceLiveProvider>
  )
}
