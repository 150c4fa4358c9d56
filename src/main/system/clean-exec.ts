/** Starts processes that outlive us without anything inherited from ours. */

/**
 * Electron opens sockets and files (and passes on those it inherited) without close-on-exec. A daemon that inherits
 * them keeps them open for as long as it lives: anyone waiting for the end of one of our pipes would wait forever.
 * Node has no call to close them, so bash does, and then becomes the program. The command is passed as arguments, never
 * as script text. `--norc`: if its input is a socket, as Node's pipes are, bash thinks it is a remote shell and runs
 * the user's .bashrc. The channel to a Node parent (`stdio: 'ipc'`) is kept. Chromium raises its own priority if it can
 * (as root), which is reverted.
 */
const script = `{
  for path in /proc/self/fd/*; do
    fd=\${path##*/}
    if [ "$fd" -gt 2 ] && [ "$fd" != "\${NODE_CHANNEL_FD:-}" ]; then exec {fd}>&-; fi
  done
  renice -n 0 -p $$ >/dev/null 2>&1
  exec "$@"
}`

/** The command that runs `file` with `args` in a process that inherits only its standard input and output. */
export const withoutInherited = (file: string, args: readonly string[]): [string, string[]] => [
  'bash',
  ['--norc', '-c', script, 'bash', file, ...args],
]
