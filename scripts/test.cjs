'use strict'
// npm test: every test. Arguments are vitest's: npm test -- src/expression
var prepare = require('./prepare.cjs')
var runProcess = require('./run-process.cjs')

prepare.build(false, function (node) {
  prepare.say('Running the tests …')
  var vitest = [node, 'node_modules/vitest/vitest.mjs', 'run'].concat(process.argv.slice(2))
  runProcess.run(vitest, prepare.root, {}, runProcess.endAs)
})
