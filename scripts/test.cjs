'use strict'
// npm test: every test, with the share of lines that they ran. Arguments are vitest's: npm test -- src/expression
var fs = require('fs')
var path = require('path')
var prepare = require('./prepare.cjs')
var runProcess = require('./run-process.cjs')

var given = process.argv.slice(2)
/** Some of the tests say nothing about the share of lines. */
var all = given.every(function (argument) {
  return /^--(reporter|outputFile)\b/.test(argument)
})

prepare.build(false, function (node) {
  prepare.say('Running the tests …')
  var vitest = [node, 'node_modules/vitest/vitest.mjs', 'run'].concat(given)
  if (!all) return runProcess.run(vitest, prepare.root, {}, runProcess.endAs)

  var coverage = path.join(prepare.root, 'coverage')
  fs.rmSync(coverage, { recursive: true, force: true })
  // Child processes write into a folder that vitest does not empty when it begins.
  var processes = path.join(coverage, 'processes')
  var env = { REPLICATE_AGENT_TEST_COVERAGE: processes }
  runProcess.run(vitest.concat('--coverage'), prepare.root, env, function (code, signal) {
    if (signal) return runProcess.endAs(code, signal)
    runProcess.run([node, 'scripts/report-coverage.ts', coverage], prepare.root, {}, function (reported, ended) {
      runProcess.endAs(code || reported, ended)
    })
  })
})
