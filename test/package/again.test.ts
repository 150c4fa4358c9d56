/** The same sources give the same packages. */
import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'

const project = resolve(import.meta.dirname, '../..')
const dist = join(project, 'dist')

test('packages made by somebody else, at another time and place, are the same bytes', async () => {
  const again = join(dist, 'again')
  try {
    const make = join(project, 'scripts/package/make.mjs')
    const script = `process.umask(0o077)
      const { makePackages } = await import(${JSON.stringify(make)})
      await makePackages({ anyElectron: true, dist: ${JSON.stringify(again)} })`
    await execa(process.execPath, ['--input-type=module', '--eval', script], {
      env: { TZ: 'Pacific/Auckland', LC_ALL: 'C', USER: 'ada', LOGNAME: 'ada', HOSTNAME: 'elsewhere' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const sums = await readFile(join(dist, 'SHA256SUMS'), 'utf8')
    expect(sums).toMatch(/\.tar\.zst\n.*\.rpm\n.*\.deb\n$/)
    expect(await readFile(join(again, 'SHA256SUMS'), 'utf8')).toBe(sums)
  } finally {
    await rm(again, { recursive: true, force: true })
  }
})
