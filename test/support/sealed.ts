/** The content of a file with a checksum, as the product reads it. */
import { z } from 'zod'
import { readSealed } from '../../src/main/system/sealed'

export const sealedSecrets = async (path: string): Promise<Record<string, string>> =>
  (await readSealed(path, z.record(z.string(), z.string()), '')) ?? {}

export const sealedKeys = async (path: string): Promise<string[]> => Object.keys(await sealedSecrets(path)).toSorted()

export const sealedNames = async (path: string): Promise<string[]> =>
  (await readSealed(path, z.array(z.string()), '')) ?? []
