import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readPages } from '../../../src/main/pages'
import { temporary } from '../temporary'

it('knows the content type of whatever the pages are built of, and of nothing else', async () => {
  const folder = await temporary()
  await mkdir(join(folder, 'assets'))
  const types = {
    'index.html': 'text/html; charset=utf-8',
    'assets/index.js': 'text/javascript; charset=utf-8',
    'assets/index.css': 'text/css; charset=utf-8',
    'icon.svg': 'image/svg+xml',
    'icon.PNG': 'image/png',
    'assets/inter.woff2': 'font/woff2',
    'licenses.json': 'application/json',
    'assets/unknown.thing': 'application/octet-stream',
    nothing: 'application/octet-stream',
  }
  await Promise.all(Object.keys(types).map(it => writeFile(join(folder, it), '')))
  const pages = await readPages(folder)
  expect(Object.fromEntries([...pages].map(([path, { type }]) => [path, type]))).toEqual(types)
})
