'use strict'
// npm start: the main example against the sandbox. `npm start -- ARGS` runs any other command.
var prepare = require('./prepare.cjs')
var runProcess = require('./run-process.cjs')

var example = ['workflows', 'run', 'workflows/product_photo.yaml', '--sandbox', '--artifacts', 'out']
var args = process.argv.length > 2 ? process.argv.slice(2) : example

prepare.build(false, function (node) {
  prepare.say('Running replicate-agent ' + args.join(' '))
  runProcess.run([node, 'bin/replicate-agent.cjs'].concat(args), prepare.root, {}, runProcess.endAs)
})
