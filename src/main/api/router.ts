/** The one contract: everything that windows, served pages and the command line can ask for. */
import { appRouter } from './app'
import { autostartRouter } from './autostart'
import { doctorRouter } from './doctor'
import { infrastructureRouter } from './infrastructure'
import { instancesRouter } from './instances'
import { logsRouter } from './logs'
import { maintenanceRouter } from './maintenance'
import { operationsRouter } from './operations'
import { rebuildRouter } from './rebuild'
import { releasesRouter } from './releases'
import { serveRouter } from './serve'
import { settingsRouter } from './settings'
import { spaceRouter } from './space'
import { tablesRouter } from './tables'
import { terminalRouter } from './terminal'
import { router } from './trpc'
import { viewsRouter } from './views'

export const apiRouter = router({
  app: appRouter,
  autostart: autostartRouter,
  doctor: doctorRouter,
  infrastructure: infrastructureRouter,
  instances: instancesRouter,
  logs: logsRouter,
  maintenance: maintenanceRouter,
  operations: operationsRouter,
  rebuild: rebuildRouter,
  releases: releasesRouter,
  serve: serveRouter,
  settings: settingsRouter,
  space: spaceRouter,
  tables: tablesRouter,
  terminal: terminalRouter,
  views: viewsRouter,
})
export type Router = typeof apiRouter
