/**
 * How far a pull is, from what the engines print if their output isn't a terminal. Docker names all layers first, then
 * each that is done. Podman only names each that it begins with. Neither says how many bytes there are.
 */

const docker = /^([0-9a-f]{12}): (Pulling fs layer|Already exists|Pull complete)/
const podman = /^Copying (blob|config) (?:sha256:)?([0-9a-f]{12})/

/** @param report is given a sentence whenever there is something new to say @returns what receives the output */
export function pullProgress(image: string, report: (text: string) => void): (chunk: string) => void {
  const begun = new Set<string>()
  const done = new Set<string>()
  let last = ''
  let rest = ''
  const say = (text: string): void => {
    if (text !== last) report(text)
    last = text
  }
  const read = (line: string): void => {
    const [, layer = '', event] = docker.exec(line) ?? []
    const [, part, id = ''] = podman.exec(line) ?? []
    if (part === 'config') return say(`Storing ${image}`)
    if (event === undefined && part === undefined) return
    begun.add(event === undefined ? id : layer)
    if (event !== undefined && event !== 'Pulling fs layer') done.add(layer)
    const layers = `${begun.size} ${begun.size === 1 ? 'layer' : 'layers'}`
    say(`Downloading ${image}: ${event === undefined ? layers : `${done.size} of ${layers}`}`)
  }
  say(`Downloading ${image}`)
  return chunk => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const it of lines) read(it)
  }
}
