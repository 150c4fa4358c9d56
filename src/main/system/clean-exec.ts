/** Starting what outlives us: without what it would inherit of the window's process. */

/**
 * Electron opens sockets and files (and passes on what it was given itself) without close-on-exec. A daemon that
 * inherits them holds them for as long as it lives: whoever waits for the end of a pipe of ours would wait for ever.
 * Node has no call that closes them, so bash does and then becomes the program; the words of the command are its
 * arguments, never its text. `--norc`: with a socket as its input, as Node's pipes are, bash takes itself for a remote
 * shell and runs the user's .bashrc. The channel to a Node parent (`stdio: 'ipc'`) is kept. Chromium also raises its
 * own priority where it may (as root): that is taken back.
 */
const script = `{
  for path in /proc/self/fd/*; do
    fd=\${path##*/}
    if [ "$fd" -gt 2 ] && [ "$fd" != "\${NODE_CHANNEL_FD:-}" ]; then exec {fd}>&-; fi
  done
  renice -n 0 -p $$ >/dev/null 2>&1
  exec "$@"
}`

/**
 * The command that runs `file` with `args` in a process that has inherited nothing but its standard input and output.
 */
export const withoutInherited = (file: string, args: readonly string[]): [string, string[]] => [
  'bash',
  ['--norc', '-c', script, 'bash', file, ...args],
]
