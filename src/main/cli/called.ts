/** How the operator calls this program, so that every command in a hint can be pasted. */
import { basename } from 'node:path'
import { programName } from './grammar'

/**
 * In a clone, `instance-manager` may not be on the PATH: then `npm run -s cli --`, or the script's own path.
 * @param script as given to Node @param event `npm_lifecycle_event`
 */
export function callOf(script: string | undefined, event: string | undefined): string {
  if (script === undefined || basename(script) !== 'cli.mjs') return programName
  return event === 'cli' ? 'npm run -s cli --' : script
}

const call = callOf(process.argv[1], process.env['npm_lifecycle_event'])

/** @param text names commands as `instance-manager COMMAND` */
export const asCalled = (text: string): string =>
  text.replaceAll(new RegExp(`\\b${programName} (?=[a-z-])`, 'g'), () => `${call} `)
