import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { placeOn, readPlace } from '../../src/main/desktop/window-place'
import { temporary } from './temporary'

const wide = { x: 0, y: 0, width: 1920, height: 1040 }
const beside = { x: 1920, y: 0, width: 1280, height: 1000 }

it('puts a window where it was, and where it can be reached if the display has gone', () => {
  const there = { x: 2000, y: 100, width: 1000, height: 700 }
  expect(placeOn([wide, beside], there)).toEqual(there)
  expect(placeOn([wide], there)).toEqual({ width: 1000, height: 700 })
  expect(placeOn([wide], { ...there, x: 10, y: -200 })).toEqual({ width: 1000, height: 700 }) // no title bar to drag
  expect(placeOn([beside], { x: 2000, y: 0, width: 5000, height: 5000 })).toEqual({
    x: 2000,
    y: 0,
    width: 1280,
    height: 1000,
  })
})

it('reads what was remembered, and nothing from a file that holds something else', async () => {
  const path = join(await temporary(), 'window.json')
  expect(readPlace(path)).toBeUndefined()
  const place = { x: 1, y: 2, width: 1000, height: 700, maximized: true }
  await writeFile(path, JSON.stringify(place))
  expect(readPlace(path)).toEqual(place)
  await writeFile(path, JSON.stringify({ ...place, theme: 'dark' }))
  expect(readPlace(path)).toEqual({ ...place, theme: 'dark' })
  for (const other of [
    JSON.stringify({ ...place, theme: 'pink' }),
    '',
    '[]',
    'null',
    '{"x":1}',
    JSON.stringify({ ...place, width: '1000' }),
    JSON.stringify({ ...place, x: null }),
  ]) {
    await writeFile(path, other)
    expect(readPlace(path)).toBeUndefined()
  }
})
