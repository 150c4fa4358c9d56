/** What software centres show of the program. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageFiles, project } from '../lib/places.mjs'

/** Where a repository has the pictures. */
export const picturesFolder = 'pictures'

/** The README's pictures, in its order. @returns {Promise<{ caption: string, name: string, path: string }[]>} */
export async function pictures() {
  const text = await readFile(join(project, 'README.md'), 'utf8')
  const found = text.matchAll(/!\[([^\]]+)\]\(docs\/images\/([\w-]+\.png)\)/g)
  return [...found].map(([, caption, name]) => ({ caption, name, path: join(project, 'docs', 'images', name) }))
}

/**
 * The program's description for AppStream. That accepts only pictures on the web, so the description has them if the
 * package is built for a repository there.
 * @param {{ version: string, date: Date, url?: string }} of `url`: the repository's address, if there is one
 */
export async function metainfo({ version, date, url }) {
  const text = await readFile(join(packageFiles, 'instance-manager.metainfo.xml'), 'utf8')
  const shown = isOnTheWeb(url) ? screenshots(url, await pictures()) : ''
  return text
    .replace('@VERSION@', version)
    .replace('@DATE@', date.toISOString().slice(0, 10))
    .replace('  @SCREENSHOTS@\n', () => shown)
}

/** Whether browsers, and software centres, can load something from there. @param {string} [url] */
export const isOnTheWeb = url => /^https?:/.test(url ?? '')

const screenshots = (url, all) => `  <screenshots>
${all.map(({ caption, name }, index) => screenshot(caption, `${url}/${picturesFolder}/${name}`, index === 0)).join('')}  </screenshots>
`

const screenshot = (caption, address, isFirst) => `    <screenshot${isFirst ? ' type="default"' : ''}>
      <caption>${escaped(caption)}</caption>
      <image>${escaped(address)}</image>
    </screenshot>
`

const escaped = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
