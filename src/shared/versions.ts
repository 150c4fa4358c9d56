/** E.g. `0.10.0` than `0.9.2`. Pre-releases (`-beta.1`) count as the release. */
export const isNewer = (one: string, other: string): boolean => {
  const [its, others] = [one, other].map(it => it.split('-', 1)[0] ?? '') as [string, string]
  return its.localeCompare(others, 'en', { numeric: true }) > 0
}
