import { expect, it } from 'vitest'
import { pullProgress } from '../../../src/main/infrastructure/drivers/pull-progress'

function said(...chunks: string[]): string[] {
  const texts: string[] = []
  const read = pullProgress('docker.io/library/postgres:17', text => texts.push(text))
  for (const it of chunks) read(it)
  return texts.map(it => it.replace('docker.io/library/postgres:17', 'IMAGE'))
}

it('counts Docker’s layers, also those that are here already', () => {
  expect(
    said(
      '17: Pulling from library/postgres\nf18232174bc9: Already exists\n0e5c7ba1b8a3: Pulling fs layer\n6d3',
      'c8e1fa9b2: Pulling fs layer\n6d3c8e1fa9b2: Waiting\n0e5c7ba1b8a3: Verifying Checksum\n',
      '0e5c7ba1b8a3: Download complete\n0e5c7ba1b8a3: Pull complete\n6d3c8e1fa9b2: Pull complete\n',
      'Digest: sha256:00\nStatus: Downloaded newer image for postgres:17\n',
    ),
  ).toEqual([
    'Downloading IMAGE',
    'Downloading IMAGE: 1 of 1 layer',
    'Downloading IMAGE: 1 of 2 layers',
    'Downloading IMAGE: 1 of 3 layers',
    'Downloading IMAGE: 2 of 3 layers',
    'Downloading IMAGE: 3 of 3 layers',
  ])
})

it('says how many layers Podman has begun with, and when it has them all', () => {
  const blob = (digit: string): string => `Copying blob sha256:${digit.repeat(64)}\n`
  expect(
    said(
      `Trying to pull docker.io/library/postgres:17...\nGetting image source signatures\n${blob('a')}`,
      `${blob('a')}${blob('b')}Copying config sha256:${'c'.repeat(64)}\nWriting manifest to image destination\n`,
    ),
  ).toEqual(['Downloading IMAGE', 'Downloading IMAGE: 1 layer', 'Downloading IMAGE: 2 layers', 'Storing IMAGE'])
})
