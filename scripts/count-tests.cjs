'use strict'
// Prints "PASSED FAILED" from vitest's JSON report; a file that could not even be loaded counts as one failure.
var report = JSON.parse(require('fs').readFileSync(process.argv[2], 'utf8'))
var unloaded = report.testResults.filter(function (file) {
  return file.status === 'failed' && file.assertionResults.length === 0
})
console.log(report.numPassedTests + ' ' + (report.numFailedTests + unloaded.length))
