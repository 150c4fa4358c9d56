import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

/**
 * Entries of the main process, each built to out/main/<name>.cjs: the desktop app, what runs without Electron, and the
 * threads that read logs.
 */
const entries = { index: 'src/main/index.ts', cli: 'src/main/cli/index.ts', 'log-worker': 'src/main/logs/worker.ts' }

/** The licences of what a bundle contains, beside it; scripts/lib/licenses.mjs makes the whole notice of them. */
const license = { fileName: 'bundled-licenses.json' }

/** In the head, the styles would hold up what index.html paints by itself. After the root, they would override the theme. */
const stylesLater: Plugin = {
  name: 'styles-later',
  enforce: 'post',
  transformIndexHtml: {
    order: 'post',
    handler(html) {
      const [style = ''] = /<link rel="stylesheet".*>\s*/.exec(html) ?? []
      return html.replace(style, '').replace('<div id="root">', `${style}<div id="root">`)
    },
  },
}

// Code runs on Electron 33 (Node 20.18, Chromium 130) and later, whatever Electron is installed.
export default defineConfig({
  main: {
    build: {
      target: 'node20.18',
      license,
      // Dependencies stay outside; development dependencies are bundled: what a command would otherwise load whole
      // before it begins (zod, commander: half of its start), what brings a compiler along (@trpc/server).
      rollupOptions: {
        input: Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(at(path)))),
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      target: 'node20.18',
      license,
      // A sandboxed preload can require nothing.
      externalizeDeps: false,
      rollupOptions: {
        input: { index: at('src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src/renderer'),
    base: './',
    publicDir: at('resources/icons'),
    plugins: [react(), stylesLater],
    build: {
      target: 'chrome130',
      minify: true,
      license,
      outDir: at('out/renderer'),
      rollupOptions: {
        input: { index: at('src/renderer/index.html') },
        // What the first screen needs is one file: each further one costs the window a request before it paints.
        output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } },
      },
    },
  },
})
