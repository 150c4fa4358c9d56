/** Rules that no linter knows: what has one place only. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'

const source = resolve(import.meta.dirname, '..', '..', 'src')
let files: ReadonlyMap<string, string>

beforeAll(async () => {
  const entries = await readdir(source, { recursive: true, withFileTypes: true })
  const paths = entries.filter(it => /\.tsx?$/.test(it.name)).map(it => join(it.parentPath, it.name))
  files = new Map(await Promise.all(paths.map(async it => [relative(source, it), await readFile(it, 'utf8')] as const)))
})

/** The files that hold it, by their paths in src/. */
const holding = (pattern: RegExp): string[] => [...files].filter(([, text]) => pattern.test(text)).map(([path]) => path)

test('only the product module knows how the product’s own folder is arranged', () => {
  const paths = /join\([^)\n]*'(?:out|resources|scripts)'|createRequire|resourcesPath|__dirname/
  const elsewhere = holding(paths).filter(it => it.startsWith('main/') || it.startsWith('preload/'))
  expect(elsewhere).toEqual(['main/system/product.ts'])
})

test('an instance’s config.json is read and written in one place', () => {
  expect(holding(/\binstanceConfigSchema\b/).toSorted()).toEqual([
    'main/workspace/instance-config.ts',
    'shared/instance.ts',
  ])
})

test('private members are #private: TypeScript’s keyword is gone at run time, and its parameter properties hide fields', () => {
  const keyword = /^\s*(?:private|protected)\s|[(,]\s*(?:private|protected)\s/m
  const others = /\bprivate constructor\b/g // for which there is no other word
  const comments = /\/\*[\s\S]*?\*\/|\/\/.*/g
  expect(
    [...files]
      .filter(([, text]) => keyword.test(text.replaceAll(comments, '').replaceAll(others, '')))
      .map(([path]) => path),
  ).toEqual([])
})

test('what is new is short enough to be read, and each of its headings is there once', async () => {
  const changelog = await readFile(resolve(source, '..', 'CHANGELOG.md'), 'utf8')
  const newest = changelog.split(/^## /m)[1] ?? ''
  expect(newest.split('\n').length).toBeLessThan(250)
  const headings = newest.match(/^### .*$/gm) ?? []
  expect(headings).toEqual([...new Set(headings)])
})
