/**
 * `npm version X` runs it, once X is in package.json and before anything is committed: what is “Unreleased” in
 * CHANGELOG.md becomes the section of X. Packages are named after package.json, so there is one source.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, run, script } from './lib/say.mjs'

const unreleased = '## Unreleased\n'

await script(async () => {
  const folder = process.cwd() // npm runs it in the project's
  const path = join(folder, 'CHANGELOG.md')
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const [head, rest] = split(await readFile(path, 'utf8'))
  const news = rest.split(/^## /m, 1)[0]
  if (!news.trim())
    throw new Failure(
      'CHANGELOG.md has nothing under “Unreleased”.',
      'say there what is new. Until then, package.json is left without a commit: “git restore package.json package-lock.json”.',
    )
  const day = new Date().toISOString().slice(0, 10)
  await writeFile(path, `${head}${unreleased}\n## ${version} (${day})\n${rest}`)
  const { code, output } = await run('git', ['add', path], { cwd: folder, quiet: true })
  if (code !== 0) throw new Failure(`CHANGELOG.md couldn’t be added to the commit:\n${output}`, 'see what git says.')
})

/** What is before that section, and what comes after its title. */
function split(text) {
  const at = text.indexOf(unreleased)
  if (at >= 0) return [text.slice(0, at), text.slice(at + unreleased.length)]
  throw new Failure('CHANGELOG.md has no section “Unreleased”.', 'add “## Unreleased”, and say there what is new.')
}
