#!/usr/bin/env node
/**
 * npm run -s cli -- COMMAND …: the command line in a clone. Prepares whatever is missing (silently if nothing is), then
 * runs the command in this process.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build } from './lib/build.mjs'
import { dependencies } from './lib/dependencies.mjs'
import { project } from './lib/places.mjs'
import { script } from './lib/say.mjs'

const noColor = process.env.NO_COLOR
await script(async () => {
  await dependencies()
  await build()
})
// The preparation sets NO_COLOR for its own tools. The command must not inherit it: its standard output may be a
// terminal even if standard error isn't.
if (noColor === undefined) delete process.env.NO_COLOR
if (!process.exitCode) createRequire(import.meta.url)(join(project, 'out', 'main', 'cli.cjs'))
