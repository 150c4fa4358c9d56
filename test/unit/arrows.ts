/** The rooms of src and the arrows between them: what src/layers.json allows, and what the code's imports draw. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import layers from '../../src/layers.json' with { type: 'json' }

/** One file imports another, of another room. */
export interface Arrow {
  readonly from: string
  readonly to: string
  readonly file: string
  readonly imported: string
}

const project = resolve(import.meta.dirname, '..', '..')

/** The room of a file, e.g. `src/main/serve` of `src/main/serve.ts`. Paths are relative to the project. */
export const roomOf = (file: string): string | undefined =>
  layers.find(({ room }) => file === room || file.startsWith(`${room}/`) || file === `${room}.ts`)?.room

/** Every file of src that the compiler reads. */
export async function sourceFiles(): Promise<string[]> {
  const entries = await readdir(join(project, 'src'), { recursive: true, withFileTypes: true })
  return entries
    .filter(it => it.isFile() && /\.tsx?$/.test(it.name))
    .map(it => relative(project, join(it.parentPath, it.name)))
    .toSorted()
}

/** What a file imports, types and `import()` too: as written. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(it => it.fileName)
}

/** From room to room, of one file's text. An import of a package or of a file in the same room draws none. */
export function arrowsOf(file: string, text: string): Arrow[] {
  const from = roomOf(file)
  return importsOf(text)
    .filter(it => it.startsWith('.') && !it.endsWith('.css'))
    .flatMap(it => {
      const imported = join(dirname(file), it)
      const to = roomOf(imported) ?? roomOf(`${imported}.ts`)
      return from === to ? [] : [{ from: from ?? '?', to: to ?? '?', file, imported }]
    })
}

export async function allArrows(): Promise<Arrow[]> {
  const files = await sourceFiles()
  const found = await Promise.all(files.map(async it => arrowsOf(it, await readFile(join(project, it), 'utf8'))))
  return found.flat()
}

/** Circles of files, each with what leads from one to the next; none if every import leads down. */
export async function circlesOfFiles(): Promise<string[]> {
  const files = await sourceFiles()
  const known = new Set(files)
  const imports = new Map(
    await Promise.all(
      files.map(async file => {
        const found = importsOf(await readFile(join(project, file), 'utf8')).map(it => join(dirname(file), it))
        const ways = found.flatMap(it => [it, `${it}.ts`, `${it}.tsx`, `${it}/index.ts`])
        return [file, ways.filter(it => known.has(it))] as const
      }),
    ),
  )
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '))
    else if (!done.has(file)) for (const it of imports.get(file) ?? []) visit(it, [...way, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return circles
}

export const isAllowed = ({ from, to }: Pick<Arrow, 'from' | 'to'>): boolean =>
  layers.some(it => it.room === from && it.imports.includes(to))

/** The table as docs/architecture.md shows it. */
export function layerTable(): string {
  const short = (room: string): string => room.replace(/^src\/(main\/)?/, '')
  return [
    '| room | purpose | may import |',
    '|---|---|---|',
    ...layers.map(
      it => `| \`${it.room}\` | ${it.purpose} | ${it.imports.map(short).join(', ') || 'nothing of ours'} |`,
    ),
  ].join('\n')
}

export { layers }
