import { expect, test } from 'vitest'
import { Closing } from '../../../src/main/system/closing'

test('what was made last ends first, whatever comes of it, and once', async () => {
  const ended: string[] = []
  const closing = new Closing()
  closing.add(() => ended.push('lock'))
  closing.add(async () => {
    await Promise.resolve()
    ended.push('files')
    throw new Error('disk')
  })
  closing.add(() => ended.push('engine'))
  await expect(closing.close()).rejects.toThrow('disk')
  await expect(closing.close()).rejects.toThrow('disk')
  expect(ended).toEqual(['engine', 'files', 'lock'])
})
