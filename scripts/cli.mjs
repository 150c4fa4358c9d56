#!/usr/bin/env node
/**
 * npm run -s cli -- COMMAND …: the command line in a clone. Prepares what is missing, which only says something then,
 * and runs in this process.
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
// What the preparation set for its tools is not meant for the command: its standard output may be a terminal where
// standard error is none.
if (noColor === undefined) delete process.env.NO_COLOR
if (!process.exitCode) createRequire(import.meta.url)(join(project, 'out', 'main', 'cli.cjs'))
