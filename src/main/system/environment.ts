/** The environment that commands inherit from us. */

/** They decide which container engine is meant, and how it is set up. */
export const engineVariables = [
  'CONTAINERS_CONF',
  'CONTAINERS_STORAGE_CONF',
  'CONTAINERS_REGISTRIES_CONF',
  'CONTAINER_HOST',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
] as const

const passed = [
  ...engineVariables,
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CACHE_HOME',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'REGISTRY_AUTH_FILE',
  'SSH_AUTH_SOCK',
] as const

/** Keeps npm and Prisma from checking for updates and reporting usage. */
const quiet = { npm_config_update_notifier: 'false', CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }

/** The few variables that tools need, including npm's own settings; the app's other variables aren't passed on. */
export const baseEnvironment = (): Record<string, string> => ({ ...inherited(), ...quiet })

const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        ((passed as readonly string[]).includes(entry[0]) ||
          /^npm_config_(cache|registry|cafile|userconfig)$/i.test(entry[0])),
    ),
  )

/** What programs expect of a terminal like ours. */
const ofTerminal = { TERM: 'xterm-256color', COLORTERM: 'truecolor' }

/** The environment of a shell that the operator types into. @param more e.g. `SHELL` */
export const shellEnvironment = (more: Readonly<Record<string, string>>): Record<string, string> => ({
  ...inherited(),
  ...ofTerminal,
  ...more,
})

/** The same for another user's shell: nothing in it tells about us. */
export const shellEnvironmentOf = (
  { name, home }: { readonly name: string; readonly home: string },
  shell: string,
): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: process.env['LANG'] ?? 'C.UTF-8',
  HOME: home,
  USER: name,
  LOGNAME: name,
  SHELL: shell,
  ...ofTerminal,
})
