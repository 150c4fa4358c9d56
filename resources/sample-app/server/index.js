/** Starts the server and stops it gracefully. */
import { createApp } from './src/app.js'
import { readConfig } from './src/config.js'
import { connectDatabase } from './src/database.js'

const config = readConfig()
const database = connectDatabase(config.databaseUrl)
const server = createApp(config, database).listen(config.port, config.host, error => {
  if (error) {
    console.error(`Cannot listen on ${config.host}:${config.port}: ${error.message}`)
    process.exit(1)
  }
  console.log(`${config.instanceName} listens on http://${config.host}:${config.port}`)
})

/** Finishes the requests under way, for at most 5 seconds, then leaves. */
function stop(signal) {
  console.log(`${signal}: stopping`)
  setTimeout(() => process.exit(1), 5000).unref()
  server.close(async () => {
    await database.$disconnect()
    process.exit(0)
  })
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
