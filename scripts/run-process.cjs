'use strict'
// Runs a process in this one's place: same terminal, its signals, its exit code (ES5: an old Node reads this).
var childProcess = require('child_process')
var os = require('os')
var tty = require('tty')

/**
 * Runs `command` (a list) in `folder` and calls back with its exit code or, when it ended by one, its signal.
 * `env` adds to the environment. What can't be started counts as code 127.
 */
function run(command, folder, env, done) {
  var child = childProcess.spawn(command[0], command.slice(1), {
    cwd: folder,
    env: Object.assign({}, process.env, env),
    stdio: 'inherit',
    // On Windows npm is a cmd file, which only a shell can start.
    shell: process.platform === 'win32' && command[0] === 'npm',
  })
  // Ctrl-C reaches the child from the terminal; it decides what that means, and this process waits for it.
  var onTerminal = tty.isatty(0) || tty.isatty(2)
  var listeners = {
    SIGTERM: function () {
      child.kill('SIGTERM')
    },
    SIGHUP: function () {
      child.kill('SIGHUP')
    },
    SIGINT: function () {
      if (!onTerminal) child.kill('SIGINT')
    },
  }
  Object.keys(listeners).forEach(function (signal) {
    process.on(signal, listeners[signal])
  })
  function finish(code, signal) {
    Object.keys(listeners).forEach(function (name) {
      process.removeListener(name, listeners[name])
    })
    done(code, signal)
  }

  child.on('error', function (error) {
    process.stderr.write('error: ' + command[0] + ' could not be started: ' + error.message + '\n')
    finish(127, null)
  })
  child.on('exit', finish)
}

/** Ends this process the way that a child ended. */
function endAs(code, signal) {
  if (!signal) process.exit(code)
  // For a signal that does not end this process.
  process.exitCode = 128 + os.constants.signals[signal]
  process.kill(process.pid, signal)
}

exports.run = run
exports.endAs = endAs
