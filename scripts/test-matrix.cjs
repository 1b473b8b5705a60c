'use strict'
// Runs the tests on other Nodes, which npm installs into a cache: node scripts/test-matrix.cjs [22 24 26 …]
var fs = require('fs')
var os = require('os')
var path = require('path')
var prepare = require('./prepare.cjs')
var runProcess = require('./run-process.cjs')

var majors = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24', '26']
var xdg = process.env.XDG_CACHE_HOME
var cache = path.join(xdg && path.isAbsolute(xdg) ? xdg : path.join(os.homedir(), '.cache'), 'replicate-agent', 'nodes')
var failures = []

/** Calls back with the path of a Node of that major version, or with nothing when npm has none. */
function provide(major, next) {
  var folder = path.join(cache, major)
  var file = path.join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (fs.existsSync(file)) return next(file)
  prepare.say('Installing Node ' + major + ' into ' + folder + ' …')
  fs.mkdirSync(folder, { recursive: true })
  // npm 12 runs an install script only where package.json allows it.
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }))
  runProcess.run(
    prepare.npm().concat(['install', '--loglevel=error', 'node@' + major]),
    folder,
    {},
    function (code, signal) {
      if (signal) return runProcess.endAs(code, signal)
      next(fs.existsSync(file) ? file : undefined)
    }
  )
}

function next(at) {
  if (at === majors.length) return finish()
  var major = majors[at]
  provide(major, function (node) {
    if (!node) return done(1, null)
    prepare.say('── Node ' + major + ' ──')
    // First on the PATH, too, for what a test starts by name.
    var env = { PATH: path.dirname(node) + path.delimiter + process.env.PATH }
    runProcess.run([node, 'node_modules/vitest/vitest.mjs', 'run', '--reporter=dot'], prepare.root, env, done)
  })

  function done(code, signal) {
    if (signal) return runProcess.endAs(code, signal)
    if (code !== 0) failures.push(major)
    next(at + 1)
  }
}

function finish() {
  if (failures.length > 0) prepare.say('error: the tests failed on Node ' + failures.join(', '))
  else prepare.say('The tests passed on Node ' + majors.join(', ') + '.')
  process.exit(failures.length > 0 ? 1 : 0)
}

prepare.build(false, function () {
  next(0)
})
