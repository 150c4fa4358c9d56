/** What a caller gets of an error: always a Problem, and of a bad input its field. */
import { getTRPCErrorFromUnknown, TRPCError } from '@trpc/server'
import { beforeEach, describe, expect, it } from 'vitest'
import { apiRouter } from '../../../src/main/api/router'
import type { App } from '../../../src/main/app'
import { problem, type Problem } from '../../../src/shared/problem'
import { createJob } from '../../../src/shared/jobs/create'

let app: Partial<Record<keyof App, unknown>>
beforeEach(() => {
  app = {
    home: '/home/ada',
    get workspace() {
      throw problem({ code: 'no-workspace', message: 'No workspace is open.' })
    },
  }
})
const caller = () => apiRouter.createCaller({ app: app as unknown as App })

/** As the adapters make it. */
async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const error = await call.then(() => {
    throw new Error('it did not fail')
  }, getTRPCErrorFromUnknown)
  expect(error).toBeInstanceOf(TRPCError)
  const shape = { code: -32_600, message: error.message, data: { code: error.code, httpStatus: 500 } } as const
  // oxlint-disable-next-line no-underscore-dangle -- tRPC's own adapters read it there
  return apiRouter._def._config.errorFormatter({
    shape,
    error,
    type: 'query',
    path: 'x',
    input: undefined,
    ctx: { app: app as unknown as App },
  }).data.problem
}

describe('errors', () => {
  it('say that no workspace is open', async () => {
    expect(await problemOf(caller().instances.suggestPort())).toEqual({
      code: 'no-workspace',
      message: 'No workspace is open.',
    })
  })

  it('of the operating system are Problems of their own, without a stack', async () => {
    app.open = () =>
      Promise.reject(
        Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path: '/srv/school' }),
      )
    const found = await problemOf(caller().app.open({ path: '/srv/school' }))
    expect(found).toMatchObject({ code: 'disk-full', message: expect.stringContaining('/srv/school') as string })
    expect(found.details).toBeUndefined()
  })

  it('keep a Problem whole', async () => {
    const whole: Problem = {
      code: 'workspace-locked',
      message: 'Locked.',
      cause: 'By one.',
      hint: 'Wait.',
      action: 'retry',
      field: 'path',
      details: 'x',
    }
    app.open = () => Promise.reject(problem(whole))
    expect(await problemOf(caller().app.open({ path: '/w' }))).toEqual(whole)
  })

  it('say what is not ours in its own words', async () => {
    app.open = () => Promise.reject(new Error('disk on fire'))
    expect(await problemOf(caller().app.open({ path: '/w' }))).toMatchObject({
      code: 'unexpected',
      message: expect.stringContaining('disk on fire') as string,
    })
  })

  it.each([
    ['', 'Name a folder.'],
    ['relative', 'Enter the full path, starting with /.'],
    ['/a\0b', 'No NUL characters.'],
    ['~other/x', 'Enter the full path, starting with /.'],
  ])('refuse the path %j', async (path, message) => {
    expect(await problemOf(caller().app.open({ path }))).toMatchObject({ code: 'input', field: 'path', message })
  })

  it('refuse what is not of the shape at all', async () => {
    expect(await problemOf(caller().app.open({ path: 5 } as never))).toMatchObject({ code: 'input', field: 'path' })
    expect(await problemOf(caller().app.open(undefined as never))).toMatchObject({ code: 'input' })
  })

  it('name the deepest field, once a workspace is open', async () => {
    Object.defineProperty(app, 'workspace', { value: {} })
    const input = {
      kind: createJob.kind,
      name: 'a',
      port: 'auto' as const,
      director: { name: 'Ada', email: 'none', password: 'long enough' },
    }
    expect(await problemOf(caller().operations.start(input))).toMatchObject({
      code: 'input',
      field: 'director.email',
      message: 'Not a valid email address.',
    })
    expect(await problemOf(caller().operations.start({ ...input, name: 'a b' }))).toMatchObject({
      code: 'input',
      field: 'name',
    })
  })
})

describe('paths', () => {
  it.each([
    ['~', '/home/ada'],
    ['~/w/', '/home/ada/w'],
    ['/a/../b', '/b'],
    [' /a ', '/a'],
  ])('%j is %j', async (given, absolute) => {
    const opened: string[] = []
    app.open = (path: string) => {
      opened.push(path)
      return Promise.resolve()
    }
    await caller().app.open({ path: given })
    expect(opened).toEqual([absolute])
  })
})

describe('openExternal', () => {
  it('opens addresses of instances only', async () => {
    const opened: string[] = []
    Object.defineProperty(app, 'workspace', {
      value: {
        instances: {
          registry: { list: () => Promise.resolve({ instances: [{ url: 'http://127.0.0.1:5000' }], broken: [] }) },
        },
      },
    })
    app.desktop = {
      openExternal: (url: string) => {
        opened.push(url)
        return Promise.resolve()
      },
    }
    await caller().app.openExternal({ url: 'http://127.0.0.1:5000' })
    expect(await problemOf(caller().app.openExternal({ url: 'file:///etc/passwd' }))).toMatchObject({
      code: 'url-unknown',
    })
    expect(opened).toEqual(['http://127.0.0.1:5000'])
  })
})
