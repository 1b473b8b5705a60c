/** Preloaded into a command that is measured: writes the most memory that it had resident, in kilobytes, to a file. */
'use strict'

const { writeFileSync } = require('node:fs')

process.on('exit', () => {
  writeFileSync(process.env.BENCH_PEAK_RSS_FILE, String(process.resourceUsage().maxRSS))
})
