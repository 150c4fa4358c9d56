/** A short name from a browser's User-Agent. For display only; it may be false. */

const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/Chrome\/|Chromium\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/Windows/, 'Windows'],
  [/iPhone|iPad/, 'iOS'],
  [/Mac OS X/, 'macOS'],
  [/Android/, 'Android'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
]

export function browserName(agent: string): string {
  const nameIn = (names: typeof browsers): string | undefined => names.find(([it]) => it.test(agent))?.[1]
  const [browser, system] = [nameIn(browsers), nameIn(systems)]
  return browser === undefined ? 'Unknown browser' : system === undefined ? browser : `${browser} on ${system}`
}
