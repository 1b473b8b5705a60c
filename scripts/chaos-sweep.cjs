'use strict'
// node scripts/chaos-sweep.cjs [--points 10000] [--seed 1] [--lanes N]: kills runs that often, and says what came of it.
var prepare = require('./prepare.cjs')
var runProcess = require('./run-process.cjs')

prepare.install(function (node) {
  runProcess.run([node, 'scripts/chaos-sweep.ts'].concat(process.argv.slice(2)), prepare.root, {}, runProcess.endAs)
})
