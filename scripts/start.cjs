'use strict'
// npm start: the main example against the built-in sandbox; `npm start -- ARGS` runs any other command.
var childProcess = require('child_process')
var prepare = require('./prepare.cjs')

prepare.build(false)
var args = process.argv.slice(2)
if (args.length === 0) args = ['workflows', 'run', 'product_photo', '--sandbox', '--artifacts', 'out']
var child = childProcess.spawn(prepare.node, ['bin/replicate-agent.cjs'].concat(args), { cwd: prepare.root, stdio: 'inherit' })
// Ctrl-C reaches the child from the terminal, too: it is the one that decides.
process.on('SIGINT', function () {})
;['SIGTERM', 'SIGHUP'].forEach(function (signal) {
  process.on(signal, function () {
    child.kill(signal)
  })
})
child.on('exit', function (code, signal) {
  if (!signal) process.exit(code === null ? 1 : code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
