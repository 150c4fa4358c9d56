/**
 * npm run -s bench -- [NAME…] [--runs N] [--json]: runs this folder's benchmarks one after the other. Results go to
 * standard output, everything else to standard error.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { machine, toFigure, type Bench, type Figure } from './bench'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '3' } },
})
const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1) fail('--runs must be a whole number, at least 1.')

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}
const suffix = '.bench.ts'
const known = (await readdir(import.meta.dirname))
  .filter(it => it.endsWith(suffix))
  .map(it => it.slice(0, -suffix.length))
  .toSorted()
const unknown = positionals.filter(it => !known.includes(it))
if (unknown.length) fail(`Unknown benchmark: ${unknown.join(', ')}. Available: ${known.join(', ')}.`)

for (const name of positionals.length ? positionals : known) {
  const { default: bench } = (await import(pathToFileURL(join(import.meta.dirname, name + suffix)).href)) as {
    default: Bench
  }
  say(`• ${bench.name}, ${runs} ${runs === 1 ? 'run' : 'runs'} of each side`)
  const figures = (await bench.run({ runs, say: text => say(`  ${text}`) })).map(toFigure)
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ bench: bench.name, figures, machine: machine() })}\n`
      : table(bench.name, figures),
  )
}

function table(name: string, figures: readonly Figure[]): string {
  const rows = figures.map(it => [
    it.name,
    String(it.median),
    it.unit,
    `${it.min} to ${it.max}`,
    it.goal ? `${it.goal} ${it.met ? 'met' : 'UNMET'}` : '',
  ])
  const all = [[name, 'median', '', 'min to max', 'goal'], ...rows]
  const widths = all.reduce(
    (sum, row) => row.map((cell, column) => Math.max(cell.length, sum[column] ?? 0)),
    [] as number[],
  )
  return `${all
    .map(row =>
      row
        .map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(2)
}
