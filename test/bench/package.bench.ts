/**
 * The package for Debian: how long it takes to make (with all other formats) and to install, how big it is, and how
 * soon after a double click its window is there, compared with an empty window of the same Electron. Installed on a
 * Debian of its own, where what it depends on is there already. Needs root.
 */
import { cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { waitFor } from '../../src/main/system/wait'
import { startDebian, type Debian } from '../package/debian'
import { startDisplay, type Display } from '../package/display'
import type { Bench } from './bench'
import { buildLeast } from './least-app'

const project = resolve(import.meta.dirname, '..', '..')
const dist = join(project, 'dist')

const bench: Bench = {
  name: 'package',
  async run({ runs, say }) {
    const [made, installed, opened, empty]: [number[], number[], number[], number[]] = [[], [], [], []]
    for (let run = 0; run < runs; run++) {
      made.push(
        await seconds(() => execa(process.execPath, ['scripts/package.mjs', '--any-electron'], { cwd: project })),
      )
      say(`made in ${made.at(-1)?.toFixed(1)} s`)
    }
    const deb = join(dist, (await readdir(dist)).find(it => it.endsWith('.deb')) ?? 'no .deb in dist')
    const [debian, display] = [await startDebian(), await startDisplay()]
    try {
      await cp(deb, join(debian.root, 'tmp/it.deb'))
      await must(debian, 'apt-get -q update && apt-get -qy install --no-install-recommends libgtk-3-bin /tmp/it.deb')
      for (let run = 0; run < runs; run++) {
        await must(debian, 'apt-get -qy remove instance-manager')
        installed.push(await seconds(() => must(debian, 'apt-get -qy install --no-install-recommends /tmp/it.deb')))
        say(`installed in ${installed.at(-1)?.toFixed(1)} s`)
      }
      await must(debian, 'useradd -m -s /bin/bash ada')
      await addEmpty(debian)
      for (let run = -1; run < runs; run++) {
        const one = await untilWindow(debian, display, 'instance-manager', /"Instance Manager"\)/)
        const other = await untilWindow(debian, display, 'empty', /"Empty": /)
        if (run < 0) continue // fills the disk's and Chromium's caches
        opened.push(one)
        empty.push(other)
        say(`window after ${one.toFixed(2)} s, an empty one after ${other.toFixed(2)} s`)
      }
    } finally {
      await display.close()
      await debian.remove()
    }
    return [
      { name: 'made, all formats', unit: 's', values: made, goal: '<= 90' },
      { name: 'size of the .deb', unit: 'MB', values: [(await stat(deb)).size / 1e6], goal: '<= 150' },
      { name: 'installed', unit: 's', values: installed, goal: '<= 20' },
      { name: 'double click → window', unit: 's', values: opened },
      { name: 'double click → empty window', unit: 's', values: empty },
      {
        name: 'double click → window, ours / empty',
        unit: 'ratio',
        values: opened.map((it, run) => it / (empty[run] ?? NaN)),
        goal: '<= 2',
      },
    ]
  },
}
export default bench

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

async function must(debian: Debian, command: string): Promise<void> {
  const { exitCode, stdout, stderr } = await debian.asRoot(command)
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`)
}

/** Installs the least app beside ours, with the same Electron, and an entry that starts it. */
async function addEmpty(debian: Debian): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'im-empty-'))
  try {
    const app = await buildLeast(join(work, 'app'))
    await must(
      debian,
      'cp -a /usr/lib/instance-manager /opt/empty && rm -r /opt/empty/node /opt/empty/resources/app && mkdir /opt/empty/resources/app',
    )
    for (const it of ['package.json', 'main.cjs', 'out'])
      await cp(join(app, it), join(debian.root, 'opt/empty/resources/app', it), { recursive: true })
    // There is no graphics card, which ours finds out by itself.
    const exec = '/opt/empty/instance-manager --disable-gpu --disable-software-rasterizer --log-level=3'
    await writeFile(
      join(debian.root, 'usr/share/applications/empty.desktop'),
      `[Desktop Entry]\nType=Application\nName=Empty\nExec=${exec}\n`,
    )
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Seconds from a double click until the window is on the display. */
async function untilWindow(debian: Debian, display: Display, entry: string, window: RegExp): Promise<number> {
  const shown = async (): Promise<boolean> => {
    const id = (await display.window(window))?.trim().split(' ')[0]
    if (id === undefined) return false
    const { stdout } = await execa('xwininfo', ['-id', id], { env: { DISPLAY: display.name }, reject: false })
    return stdout.includes('IsViewable')
  }
  const start = performance.now()
  await debian.as('ada', `DISPLAY=${display.name} gtk-launch ${entry} >/dev/null 2>&1`)
  if (!(await waitFor(shown, { timeout: 60_000, every: 10 }))) throw new Error(`${entry} opened no window`)
  const took = (performance.now() - start) / 1000
  await debian.asRoot('for it in /proc/[0-9]*; do [ "$(stat -c %U $it)" != ada ] || kill -9 ${it#/proc/}; done')
  if (!(await waitFor(async () => !(await shown()), { timeout: 60_000 }))) throw new Error(`${entry} didn’t end`)
  return took
}
