/** How a version is written where dpkg and rpm compare it. */

/**
 * A pre-release comes before its release: in npm's versions a “-” says so, for dpkg and rpm a “~”. For them, a “-”
 * begins the number of the build. @param version npm's, e.g. `1.2.0-beta.1` @returns e.g. `1.2.0~beta.1`
 */
export const versionInPackages = version => version.replace('-', '~').replaceAll('-', '.')
