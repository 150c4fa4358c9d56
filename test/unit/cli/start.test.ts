/** What a command loads before it does anything. Loading zod and the jobs' descriptors takes 30 ms. */
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { sourceFiles } from '../arrows'

const project = resolve(import.meta.dirname, '../../..')
const files = new Set(await sourceFiles())

/** What a file loads at once: neither types nor what it imports with `import()`. */
async function loadedBy(file: string): Promise<string[]> {
  const { outputText } = ts.transpileModule(await readFile(join(project, file), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  })
  return ts.createSourceFile(file, outputText, ts.ScriptTarget.ESNext).statements.flatMap(it => {
    if (!ts.isImportDeclaration(it) && !ts.isExportDeclaration(it)) return []
    if (!it.moduleSpecifier || !ts.isStringLiteral(it.moduleSpecifier)) return []
    const { text } = it.moduleSpecifier
    if (!text.startsWith('.')) return [text]
    const path = join(dirname(file), text)
    return [path, `${path}.ts`, `${path}/index.ts`].filter(way => files.has(way))
  })
}

/** The file and all that is loaded with it. */
async function allLoadedBy(file: string): Promise<Set<string>> {
  const found = new Set([file])
  for (const it of found) if (files.has(it)) for (const next of await loadedBy(it)) found.add(next)
  return found
}

it.each(['index', 'commands/list', 'commands/status', 'commands/logs', '../transport/local-client'])(
  'cli/%s loads neither zod nor descriptors',
  async name => {
    const loaded = [...(await allLoadedBy(join('src/main/cli', `${name}.ts`)))]
    expect(loaded.length).toBeGreaterThan(1)
    expect(loaded.filter(it => it === 'zod' || it.startsWith('src/shared/jobs/'))).toEqual([])
  },
)

it('a workspace that is only looked at loads no job’s implementation', async () => {
  const loaded = await allLoadedBy('src/main/compose.ts')
  expect(loaded).toContain('src/main/instances/room.ts')
  expect(loaded).not.toContain('src/main/operations/implement.ts')
  expect(await allLoadedBy('src/main/instances/work.ts')).toContain('src/main/operations/implement.ts')
})

it('finds what would be loaded', async () => {
  expect(await allLoadedBy('src/main/cli/definitions/lifecycle.ts')).toContain('zod')
})
