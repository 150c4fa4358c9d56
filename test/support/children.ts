/**
 * Programs that tests run as processes of their own, bundled once for all: compiled file by file at each start, they
 * would spend most of their time on that.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { childrenFolder } from './child-command'

const out = resolve(import.meta.dirname, '../../out')

/** Vitest's global set-up: its processes inherit the variable. @returns the end of it */
export default async function bundleChildren(): Promise<() => Promise<void>> {
  await mkdir(out, { recursive: true })
  const folder = await mkdtemp(join(out, 'children-')) // in the project, where the packages are found
  process.env[childrenFolder] = folder
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rollupOptions: {
        input: ['child', 'rotate-child'].map(it => join(import.meta.dirname, `${it}.ts`)),
        output: { entryFileNames: '[name].mjs' },
      },
    },
  })
  return () => rm(folder, { recursive: true, force: true })
}
