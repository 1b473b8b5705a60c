'use strict'
// npm run check: format, lint, types, imports, unused code. Every check runs, even after one that failed.
var prepare = require('./prepare.cjs')
var runProcess = require('./run-process.cjs')

var checks = [
  { name: 'format', command: ['node_modules/oxfmt/bin/oxfmt', '--check'] },
  { name: 'lint', command: ['node_modules/oxlint/bin/oxlint'] },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'imports', command: ['scripts/check-imports.ts'] },
  { name: 'errors', command: ['scripts/check-errors.ts'] },
  { name: 'unused', command: ['node_modules/knip/bin/knip.js', '--no-progress'] },
]

prepare.install(function (node) {
  var failures = 0
  var summary = []

  function next(at) {
    if (at === checks.length) return finish()
    var check = checks[at]
    var began = Date.now()
    prepare.say('── ' + check.name + ' ──')
    runProcess.run([node].concat(check.command), prepare.root, {}, function (code, signal) {
      if (signal) return runProcess.endAs(code, signal)
      if (code !== 0) failures += 1
      var seconds = ((Date.now() - began) / 1000).toFixed(1) + ' s'
      summary.push(
        (code === 0 ? '  ok      ' : '  FAILED  ') +
          (check.name + '        ').slice(0, 9) +
          ('      ' + seconds).slice(-7)
      )
      next(at + 1)
    })
  }

  function finish() {
    prepare.say('── summary ──\n' + summary.join('\n'))
    process.exit(failures > 0 ? 1 : 0)
  }

  next(0)
})
