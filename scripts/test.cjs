'use strict'
// npm test: installs, builds, runs every test; arguments are vitest's.
var prepare = require('./prepare.cjs')

prepare.build(false)
process.exit(prepare.run(prepare.node, ['node_modules/vitest/vitest.mjs', 'run'].concat(process.argv.slice(2))))
