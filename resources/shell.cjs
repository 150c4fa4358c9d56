/**
 * Runs one shell on a terminal (PTY) of its own. The first message says what to run; what is typed arrives on standard
 * input, and what is printed goes to standard output.
 *
 * A process of its own, because node-pty opens the terminal without close-on-exec: every program that the engine starts
 * later would inherit it, and one that runs as another user could type into the operator's shell.
 */
'use strict'

const { write } = require('node:fs')
const { Socket } = require('node:net')

// Not process.stdout: that may block, and then a shell whose output nobody reads couldn't be ended.
const input = new Socket({ fd: 0, readable: true, writable: false })
const output = new Socket({ fd: 1, readable: false, writable: true })

/** Milliseconds until a full terminal is tried again. */
const aMoment = 10

process.once('message', ({ file, args, cwd, env, columns, rows }) => {
  let terminal
  try {
    terminal = require('@lydell/node-pty').spawn(file, args, { name: env.TERM, cwd, env, cols: columns, rows })
  } catch (error) {
    const [failed] = String(error).split('\n') // without the list of those that require a missing package
    return process.send({ failed }, () => process.exit(1))
  }
  const hangUp = () => {
    try {
      process.kill(-terminal.pid, 'SIGHUP')
    } catch {} // it has just ended
    process.exit() // closes the terminal: the kernel tells its other processes
  }
  process.on('disconnect', hangUp)
  output.on('error', hangUp)
  input.on('error', hangUp)

  // Not terminal.write: libuv takes the terminal for one that blocks, and spins while no program reads from it.
  const type = typed =>
    write(terminal.fd, typed, (error, written) => {
      if (error && error.code !== 'EAGAIN') return // the shell has just ended; nothing else here opens a file
      if (written < typed.length) setTimeout(type, error ? aMoment : 0, typed.subarray(written))
      else input.resume()
    })
  input.on('data', typed => {
    input.pause()
    type(typed)
  })
  terminal.onData(text => {
    if (!output.write(text)) terminal.pause()
  })
  output.on('drain', () => terminal.resume())
  process.on('message', size => {
    try {
      terminal.resize(size.columns, size.rows)
    } catch {} // the shell has just ended: node-pty closes the terminal before it says so
  })
  terminal.onExit(({ exitCode, signal }) => {
    process.off('disconnect', hangUp)
    output.end(() => process.send({ exitCode, signal }, () => process.exit()))
  })
  process.send({ started: true })
})
process.on('disconnect', () => process.exit())
