'use strict'
// Runs the same command on a newer Node and behaves as if it were that process (ES5: an old Node reads this).
var childProcess = require('child_process')
var os = require('os')
var tty = require('tty')

/**
 * TERM and HUP are passed on. Ctrl-C reaches the child from the terminal already, so INT is passed on only where there
 * is none. The ipc channel tells the child when this process was killed; it ends then, too (see start.cjs).
 */
function handOver(node, launcher) {
  var child = childProcess.spawn(node, [launcher].concat(process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: Object.assign({}, process.env, { REPLICATE_AGENT_HANDED_OVER: '1' }),
  })
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

  child.on('error', function (error) {
    process.stderr.write('error: ' + node + ' could not be started: ' + error.message + '\n')
    process.exit(69)
  })
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code)
    Object.keys(listeners).forEach(function (name) {
      process.removeListener(name, listeners[name])
    })
    // For a signal that does not end this process.
    process.exitCode = 128 + os.constants.signals[signal]
    process.kill(process.pid, signal)
  })
}

exports.handOver = handOver
