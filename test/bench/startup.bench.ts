/**
 * From starting Electron to the first text on the screen: the app with a workspace of 20 instances, and beside it, in
 * turn, the least that such an app can be: a window with React and Mantine that shows a heading. The app's first text
 * is that of its main screen; a spinner or an empty page doesn't count. Under Xvfb, rendered by the CPU.
 */
import { join } from 'node:path'
import { makeHome } from '../support/electron'
import type { Bench } from './bench'
import { buildLeast } from './least-app'
import { addInstance, busyWorkspace, firstText } from './window'

const instances = 20

const bench: Bench = {
  name: 'startup',
  async run({ runs, say }) {
    const workspace = await busyWorkspace()
    const home = await makeHome()
    try {
      for (let index = 0; index < instances; index++) await addInstance(workspace, index, { run: false })
      await workspace.close()
      const least = await buildLeast(join(home.path, 'least'))
      const [ours, theirs]: [number[], number[]] = [[], []]
      for (let run = -1; run < runs; run++) {
        const one = await firstText({ home, args: ['--workspace', workspace.root], text: 'Instances' })
        const other = await firstText({ home, app: least, text: 'Empty' })
        if (run < 0) continue // fills the disk's and Chromium's caches
        ours.push(one)
        theirs.push(other)
        say(`run ${run + 1}: ${one.toFixed(0)} ms, ${other.toFixed(0)} ms`)
      }
      return [
        { name: 'Instance Manager: first text', unit: 'ms', values: ours },
        { name: 'an empty window with React and Mantine: first text', unit: 'ms', values: theirs },
        {
          name: 'ours / empty',
          unit: 'ratio',
          values: ours.map((it, run) => it / (theirs[run] ?? NaN)),
          goal: '<= 1.3',
        },
      ]
    } finally {
      await home.remove()
      await workspace.remove()
    }
  },
}
export default bench
