/** A workspace's path reaches the command unchanged, through systemd's rules and through cron's and the shell's. */
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { crontabLines } from '../../../src/main/autostart/crontab'
import { entryOf, recordIn, recordLine, type Entry } from '../../../src/main/autostart/entry'
import { unitText } from '../../../src/main/autostart/unit'
import { productIn } from '../../../src/main/system/product'
import { unitTemplate } from '../../../src/main/system/start-unit'
import { unitInstance } from '../../../src/main/system/systemd'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { temporary } from '../temporary'
import { commandIn } from './systemd-words'

const id = '3e9c1f6a-3f0b-4a7e-9a77-5d3c0e5c8a10'
const hostile = [
  '/srv/my schools',
  `/srv/O'Brien "the best" 100% %h $HOME \${HOME} \`id\` $(id) ; & | < > * ? # ~ !`,
  '/srv/Grüße/学校',
]
/** Only systemd has a way to write these. */
const broken = ['/srv/a\\b\\', '/srv/a\nExecStart=/bin/false', '/srv/a\tb\r\u0085']

function entry(path: string, node = process.execPath, product = '/opt/im'): Entry {
  const base = {
    identity: { id, path },
    paths: workspacePaths(path),
    node: { path: node, major: '22' },
    place: { product: productIn(product) },
  }
  const env = {
    PATH: `/opt/node_modules/.bin:relative:${path}/bin:/usr/bin`,
    PM2_HOME: `${path}/.pm2`,
    HTTP_PROXY: 'secret',
  }
  return entryOf(base, env)
}

test('the environment is what decides the outcome: no proxies, none of npm’s folders', () => {
  expect(entry('/srv/a', '/opt/node/bin/node').environment).toEqual({
    PATH: '/srv/a/bin:/usr/bin:/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin',
    PM2_HOME: '/srv/a/.pm2',
  })
})

test.each([...hostile, ...broken])('systemd reads back %j', path => {
  const one = entry(path)
  for (const scope of ['user', 'system'] as const) {
    const text = unitText(one, scope)
    expect(commandIn(text)).toEqual({ words: one.words, env: one.environment })
    expect(text.split('\n').filter(it => it.startsWith('ExecStart='))).toHaveLength(1)
    expect(recordIn(text.split('\n')[0] ?? '')).toEqual(one.record)
  }
})

const verify = (file: string, home: string) =>
  spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: home },
  })
const analyze = spawnSync('systemd-analyze', ['--version']).error === undefined
test.skipIf(!analyze).each([...hostile, ...broken])(
  'systemd itself finds nothing wrong in the unit for %j',
  async path => {
    const folder = await temporary()
    for (const scope of ['user', 'system'] as const) {
      const file = join(folder, `${scope}.service`)
      writeFileSync(file, unitText(entry(path), scope))
      const { status, stderr } = verify(file, folder)
      expect({ status, stderr: stderr.split('\n').filter(it => it.includes(file)) }).toEqual({ status: 0, stderr: [] })
    }
  },
)

test.skipIf(!analyze).each(hostile)('systemd itself finds nothing wrong in the package’s unit for %j', async path => {
  const instance = execFileSync('systemd-escape', ['--path', path], { encoding: 'utf8' }).trim()
  expect(unitInstance(path)).toBe(instance)
  const folder = await temporary()
  for (const scope of ['user', 'system'] as const) {
    const file = join(folder, `instance-manager@${instance}.service`)
    writeFileSync(file, unitTemplate(process.execPath, scope))
    const { status, stderr } = verify(file, folder)
    expect({ status, stderr: stderr.split('\n').filter(it => it.includes('instance-manager')) }).toEqual({
      status: 0,
      stderr: [],
    })
  }
})

/** Vixie cron and ISC cron also take `\\` for one backslash, cronie doesn't; all end the command at an unescaped `%`. */
const crons = [
  (line: string) => line.replace(/\\([%\\])|%.*$/gs, (_, escaped?: string) => escaped ?? ''),
  (line: string) => line.replace(/\\(%)|%.*$/gs, (_, escaped?: string) => escaped ?? ''),
]

test.each(hostile)('cron and its shell read back %j', async path => {
  const folder = await temporary()
  const script = join(folder, `it's 100% "said"`)
  writeFileSync(script, 'console.log(JSON.stringify([process.argv.slice(2), process.env]))')
  const one = entry(path)
  const [comment = '', line = ''] = crontabLines({ ...one, words: [process.execPath, script, ...one.words.slice(2)] })
  expect(recordIn(comment)).toEqual(one.record)
  expect(line).toMatch(/^@reboot /)
  for (const cron of crons) {
    const command = cron(line.replace('@reboot ', ''))
    const env = { HOME: folder, SHELL: '/bin/sh', PATH: '/usr/bin:/bin' }
    const ran = execFileSync('/bin/sh', ['-c', command], { env, encoding: 'utf8' })
    expect(JSON.parse(ran)).toEqual([
      ['--workspace', path, 'resurrect'],
      expect.objectContaining({ ...env, ...one.environment }),
    ])
  }
})

test.each(broken)('cron has no way to say %j, so it is refused', path => {
  expect(() => crontabLines(entry(path))).toThrow('cron can’t start this workspace.')
})

test('only our own comments are records', () => {
  const { record } = entry('/srv/a')
  expect(recordIn(recordLine(record))).toEqual(record)
  for (const it of ['', '# Created by Instance Manager: {', '# Created by Instance Manager: {"workspace":"x"}'])
    expect(recordIn(it)).toBeUndefined()
})
