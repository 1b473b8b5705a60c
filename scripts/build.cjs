'use strict'
// npm run build: writes dist/, the modules with their types and the bundled command line.
var prepare = require('./prepare.cjs')

prepare.build(process.argv.indexOf('--if-changed') < 0, function () {
  prepare.say('dist/ is built.')
})
