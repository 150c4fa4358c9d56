/** Settings from the environment and `.env`; a missing one ends the process with a plain sentence. */
import { join } from 'node:path'
import { config as loadDotenv } from 'dotenv'

const serverFolder = join(import.meta.dirname, '..')

export function readConfig() {
  loadDotenv({ path: join(serverFolder, '.env'), quiet: true })
  const { DATABASE_URL, JWT_SECRET, HOST, PORT, INSTANCE_NAME } = process.env
  const port = Number(PORT || 5000)
  const wrong = [
    !DATABASE_URL && 'DATABASE_URL is missing',
    !JWT_SECRET && 'JWT_SECRET is missing',
    !(Number.isInteger(port) && port > 0 && port < 65_536) && 'PORT is not a port number',
  ].filter(Boolean)
  if (wrong.length > 0) {
    console.error(`Cannot start: ${wrong.join(', ')}. See .env.example.`)
    process.exit(1)
  }
  return {
    databaseUrl: DATABASE_URL,
    jwtSecret: JWT_SECRET,
    host: HOST || '127.0.0.1',
    port,
    instanceName: INSTANCE_NAME || 'DNA Analysis',
    clientFolder: join(serverFolder, '../client/build'),
    picturesFolder: join(serverFolder, 'uploads/profile-pics'),
  }
}
