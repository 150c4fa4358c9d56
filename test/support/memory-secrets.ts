import type { KeyStore } from '../../src/main/operations/secrets'

/** Secrets of operations, kept in memory. */
export function memorySecrets(all: Map<string, string> = new Map()): KeyStore {
  return {
    get: key => Promise.resolve(all.get(key)),
    setAll: secrets => {
      for (const [key, value] of Object.entries(secrets)) all.set(key, value)
      return Promise.resolve()
    },
    forget: (...keys) => {
      for (const it of keys) all.delete(it)
      return Promise.resolve()
    },
    keys: () => Promise.resolve([...all.keys()]),
  }
}
