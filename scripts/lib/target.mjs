/** Prepares, then runs one of the project's TypeScript programs with this command's arguments. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { modules, project } from './places.mjs'
import { inDisplay, prepare } from './prepare.mjs'
import { script } from './say.mjs'

/** @param purpose what to prepare for; `windows` provides a display */
export const runTarget = (purpose, path) =>
  script(async () => {
    const electron = await prepare(purpose)
    const command = [
      process.execPath,
      [join(modules, 'tsx', 'dist', 'cli.mjs'), join(project, path), ...process.argv.slice(2)],
    ]
    const [file, args] = purpose === 'windows' ? inDisplay(...command) : command
    const child = spawn(file, args, {
      cwd: project,
      stdio: 'inherit',
      env: { ...process.env, INSTANCE_MANAGER_ELECTRON: electron },
    })
    const [code] = await once(child, 'exit')
    process.exitCode = code ?? 1
  })
