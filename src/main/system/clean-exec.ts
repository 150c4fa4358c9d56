/** Starting what outlives us: without the descriptors that it would inherit. */

/**
 * Electron opens sockets and files (and passes on what it was given itself) without close-on-exec. A daemon that inherits them
 * holds them for as long as it lives: whoever waits for the end of a pipe of ours would wait for ever.
 * Node has no call that closes them, so bash does and then becomes the program; the words of the command are its arguments, never its text.
 * The channel to a Node parent (`stdio: 'ipc'`) is kept.
 */
const script = `{
  for path in /proc/self/fd/*; do
    fd=\${path##*/}
    if [ "$fd" -gt 2 ] && [ "$fd" != "\${NODE_CHANNEL_FD:-}" ]; then exec {fd}>&-; fi
  done
  exec "$@"
}`

/** The command that runs `file` with `args` in a process that has inherited nothing but its standard input and output. */
export const withoutInherited = (file: string, args: readonly string[]): [string, string[]] => ['bash', ['-c', script, 'bash', file, ...args]]
