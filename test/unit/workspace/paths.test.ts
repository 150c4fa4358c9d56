import { describe, expect, it } from 'vitest'
import { instancePaths, workspacePaths } from '../../../src/main/workspace/paths'
import { manifestSchema } from '../../../src/shared/workspace'

describe('paths', () => {
  it('lie as DESIGN.md says', () => {
    const paths = workspacePaths('/w')
    expect(paths).toMatchObject({
      instances: '/w/instances',
      manifest: '/w/instance-manager.json',
      state: '/w/.instance-manager',
      secrets: '/w/.instance-manager/secrets.json',
    })
    expect(instancePaths(paths, manifestSchema.parse({ server: { folder: 'apps/api' } }), 'a')).toMatchObject({
      folder: '/w/instances/a',
      config: '/w/instances/a/config.json',
      server: '/w/instances/a/apps/api',
      env: '/w/instances/a/apps/api/.env',
      client: '/w/instances/a/client',
    })
  })

  it('need an absolute workspace', () => {
    expect(() => workspacePaths('w')).toThrow(TypeError)
  })

  it.each(['..', '../x', 'a/../../b', '/etc', 'a//b', 'a/', ''])(
    'never leave the workspace by the manifest: %j is refused',
    folder => {
      expect(manifestSchema.safeParse({ server: { folder } }).success).toBe(false)
      expect(manifestSchema.safeParse({ client: { output: folder } }).success).toBe(false)
      expect(manifestSchema.safeParse({ server: { dataFolders: [folder] } }).success).toBe(false)
    },
  )

  it.each(['.', './uploads', 'uploads/.'])(
    'the data folder %j is refused: a system user owns its data folders, and must not own server/',
    folder => {
      expect(manifestSchema.safeParse({ server: { dataFolders: [folder] } }).success).toBe(false)
    },
  )
})
