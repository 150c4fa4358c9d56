import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

/** Entries of the main process, each built to out/main/<name>.cjs: the desktop app, what runs without Electron, and the threads that read logs. */
const entries = { index: 'src/main/index.ts', cli: 'src/main/cli/index.ts', 'log-worker': 'src/main/logs/worker.ts' }

// Code runs on Electron 33 (Node 20.18, Chromium 130) and later, whatever Electron is installed.
export default defineConfig({
  main: {
    build: {
      target: 'node20.18',
      // execa is only an ES module, which Node 20.18 cannot require: it is bundled. zod and commander are, so that only what is used of them
      // is loaded: that halves what a command needs before it begins.
      externalizeDeps: { exclude: ['execa', 'zod', 'commander'] },
      rollupOptions: {
        input: Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(at(path)))),
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      target: 'node20.18',
      // A sandboxed preload can require nothing.
      externalizeDeps: false,
      rollupOptions: { input: { index: at('src/preload/index.ts') }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: at('src/renderer'),
    base: './',
    publicDir: at('resources/icons'),
    plugins: [react()],
    build: { target: 'chrome130', minify: true, outDir: at('out/renderer'), rollupOptions: { input: { index: at('src/renderer/index.html') } } },
  },
})
