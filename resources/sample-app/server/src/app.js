/** The application: the API under /api, the pictures under /uploads, and the web page for everything else. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import express from 'express'
import helmet from 'helmet'
import { authenticate, loginRouter } from './auth.js'
import { handleErrors, RequestError } from './errors.js'
import { profileRouter } from './profile.js'
import { classesRouter, samplesRouter } from './samples.js'

export function createApp(config, database) {
  mkdirSync(config.picturesFolder, { recursive: true })
  const app = express()
  app.use(helmet({
    // Also served over plain HTTP in a school's network: whoever adds TLS in front adds these two there.
    strictTransportSecurity: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  }))

  app.get('/api/health', async (request, response) => {
    const reachable = await database.$queryRaw`SELECT 1`.then(() => true, () => false)
    response.status(reachable ? 200 : 503).json({ status: reachable ? 'ok' : 'no database', instance: config.instanceName })
  })
  app.use('/api', express.json({ limit: '64kb' }))
  app.use('/api', loginRouter(config, database))
  app.use('/api', authenticate(config, database))
  app.use('/api/me', profileRouter(config, database))
  app.use('/api/classes', classesRouter(database))
  app.use('/api/samples', samplesRouter(database))
  app.use('/api', () => { throw new RequestError(404, 'There is nothing here.') })

  app.use('/uploads/profile-pics', express.static(config.picturesFolder, { index: false, immutable: true, maxAge: '30d', fallthrough: false }))
  // Vite puts a hash of the content into the names of its assets, so those never change; the page itself may.
  app.use('/assets', express.static(join(config.clientFolder, 'assets'), { index: false, immutable: true, maxAge: '1y', fallthrough: false }))
  app.use(express.static(config.clientFolder))
  app.get('/{*path}', (request, response) => response.sendFile('index.html', { root: config.clientFolder }))

  app.use(handleErrors)
  return app
}
