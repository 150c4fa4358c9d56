/** A job is described once: nothing else names its kind or guesses at its plan, and every descriptor is whole. */
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import { jobs, startRequestSchema } from '../../src/shared/jobs'
import type { AnyJob } from '../../src/shared/jobs/job'

const source = resolve(import.meta.dirname, '../../src')
const all: readonly AnyJob[] = jobs
const kinds = new Set<string>(jobs.map(it => it.kind))
/** Kinds that are common words: these are looked for only where a kind is meant. */
const words = new Set(['create', 'start', 'stop', 'restart', 'rename', 'delete'])

let files: ts.SourceFile[]
beforeAll(async () => {
  const paths = (await readdir(source, { recursive: true })).filter(it => /\.tsx?$/.test(it))
  files = await Promise.all(
    paths.map(async path =>
      ts.createSourceFile(path, await readFile(join(source, path), 'utf8'), ts.ScriptTarget.Latest, true),
    ),
  )
})

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node
  for (const child of node.getChildren()) yield* nodesOf(child)
}

const place = (file: ts.SourceFile, node: ts.Node): string =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText()}`

/** Whether a literal is meant as a kind: compared with one, given as one, or the first argument of what starts a job. */
function isMeantAsKind(literal: ts.Node): boolean {
  const { parent } = literal
  if (ts.isPropertyAssignment(parent)) return /^(kind|action)$/.test(parent.name.getText())
  if (ts.isBinaryExpression(parent))
    return /\b(kind|action)$/.test(
      [parent.left, parent.right]
        .map(it => it.getText())
        .join(' ')
        .replace(literal.getText(), '')
        .trim(),
    )
  return (
    ts.isCallExpression(parent) &&
    parent.arguments[0] === literal &&
    /\b(operations\.start|run|send|bulk)$/.test(parent.expression.getText())
  )
}

describe('outside of its descriptor', () => {
  it('no kind is named', () => {
    const found = files
      .filter(it => !it.fileName.startsWith('shared/jobs/'))
      .flatMap(file =>
        [...nodesOf(file)]
          .filter(it => ts.isStringLiteralLike(it) && kinds.has(it.text) && !ts.isLiteralTypeNode(it.parent))
          .filter(it => !words.has((it as ts.StringLiteral).text) || isMeantAsKind(it))
          .map(it => place(file, it)),
      )
    expect(found).toEqual([])
  })
  it('no plan is guessed at', () => {
    const found = files.flatMap(file =>
      [...nodesOf(file)]
        .filter(it => ts.isAsExpression(it) && /\bplan$/.test(it.expression.getText()))
        .map(it => place(file, it)),
    )
    expect(found).toEqual([])
  })
})

describe.each(all.map(it => [it.kind, it] as const))('%s', (kind, job) => {
  it('has a pivot that is one of its steps', () => {
    expect(job.pivot === undefined || job.pivot in job.steps).toBe(true)
  })
  it('says each step in a title and one sentence', () => {
    for (const { title, explanation } of Object.values(job.steps)) {
      expect(title).toMatch(/^[A-Z][^.]+$/)
      expect(explanation).toMatch(/^[A-Z].*\.$/)
    }
  })
  it('is started by a request of its kind, and by no other field than its own', () => {
    const { error } = startRequestSchema.safeParse({ kind, name: '-' })
    for (const { path } of error?.issues ?? []) expect(['', ...Object.keys(job.input.shape)]).toContain(path[0] ?? '')
    expect('kind' in job.input.shape).toBe(false)
  })
})

it('an unknown kind is refused', () => {
  expect(startRequestSchema.safeParse({ kind: 'explode' }).success).toBe(false)
})
