/** Pictures of every screen into docs/images: light and dark, 1280 and 900 wide. Run by `npm run screenshots`. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { prepare, testHome } from './support/fixtures'
import { looks, wear } from './support/looks'
import { tour } from './support/tour'

/** Looked at for accessibility only: a reader has seen their like. */
const without = new Set([
  'setup-done',
  'activity-filter',
  'activity-filtered',
  'instance-menu',
  'palette',
  'wizard-name-refused',
  'wizard-port',
  'create-done',
  'settings-refused',
  'infrastructure-stop',
  'infrastructure-stopped',
  'maintenance-empty',
])

const folder = resolve(import.meta.dirname, '../../docs/images')
await mkdir(folder, { recursive: true })
const place = await testHome({ shown: true })
try {
  const prepared = { root: join(place.home.path, 'prepared') }
  await prepare(prepared.root)
  const { window, close } = await place.launch()
  const taken = new Set<string>()
  await tour(window, place, prepared, async (name, show) => {
    if (without.has(name)) return
    for (const look of looks) {
      await wear(window, look)
      await show?.()
      await window.mouse.move(300, 50) // an empty place in the top bar: nothing is hovered
      const file = `${name}-${look.scheme}-${look.width}.png`
      await window.screenshot({ path: join(folder, file), animations: 'disabled' })
      taken.add(file)
    }
    console.log(name)
  })
  await close()
  // A screen that is no more needs no picture.
  const old = (await readdir(folder)).filter(it => /-(light|dark)-\d+\.png$/.test(it) && !taken.has(it))
  await Promise.all(old.map(it => rm(join(folder, it))))
  const sizes = await Promise.all([...taken].map(async it => (await stat(join(folder, it))).size))
  console.log(`${taken.size} pictures, ${(sizes.reduce((sum, it) => sum + it, 0) / 1e6).toFixed(1)} MB, in ${folder}`)
} finally {
  await place.remove()
}
