'use strict'
// Imports the bundled command line on a Node that is new enough, with its compile cache on.
const fs = require('fs')
const module_ = require('module')
const os = require('os')
const path = require('path')
const { pathToFileURL } = require('url')
const v8 = require('v8')

function start(root, args, handedOver) {
  const entry = path.join(root, 'dist', 'cli', 'main.js')
  if (!fs.existsSync(entry)) {
    process.stderr.write('error: replicate-agent is not built here yet; run: npm run build\n')
    process.exitCode = 5
    return
  }
  if (handedOver) endWithLauncher()
  if (process.versions.node.startsWith('22.')) silenceSqliteWarning()
  // While a large file is read, V8 would let its young generation grow to 64 MB: a run of 10,000 steps would hold half as
  // much memory again, to begin a little sooner. Verbs that only look at the file are over soon.
  if (args.includes('run') && args.some(isLargeWorkflow)) v8.setFlagsFromString('--semi-space-growth-factor=1')
  // Has effect on what is imported from here on.
  module_.enableCompileCache(path.join(cacheFolder(), 'replicate-agent', 'compile'))
  import(pathToFileURL(entry).href)
    .then((bundle) => bundle.main(args))
    .catch((error) => {
      const text = args.includes('--debug') ? error?.stack : error?.message
      process.stderr.write(`error: ${text ?? error}\n`)
      process.exitCode = 1
    })
}

function isLargeWorkflow(arg) {
  if (!/\.ya?ml$/.test(arg)) return false
  try {
    return fs.statSync(arg).size > 200_000
  } catch {
    return false
  }
}

/** The XDG base directory specification has relative paths ignored. */
function cacheFolder() {
  const given = process.env.XDG_CACHE_HOME
  return given && path.isAbsolute(given) ? given : path.join(os.homedir(), '.cache')
}

/** On Node 22 node:sqlite calls itself experimental at every start. Every other warning goes through. */
function silenceSqliteWarning() {
  const emitWarning = process.emitWarning
  process.emitWarning = function (warning, ...rest) {
    const type = typeof rest[0] === 'object' ? rest[0]?.type : rest[0]
    if (type === 'ExperimentalWarning' && String(warning?.message ?? warning).startsWith('SQLite ')) return
    emitWarning.call(process, warning, ...rest)
  }
}

/**
 * This process runs for a launcher on an older Node. The launcher's is the pid that people see: when it is killed, this
 * one ends the same way. The product can ask: `globalThis[Symbol.for('replicate-agent.launcher')]` is then
 * `{pid: number}`, the launcher's process id, and undefined otherwise.
 */
function endWithLauncher() {
  // Not for processes that this one starts.
  delete process.env.REPLICATE_AGENT_HANDED_OVER
  globalThis[Symbol.for('replicate-agent.launcher')] = { pid: process.ppid }
  if (!process.channel) return
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  // Listening alone would keep this process alive.
  process.channel.unref()
}

exports.start = start
