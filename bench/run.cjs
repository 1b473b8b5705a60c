/** Runs the benchmarks: installs and builds the project, installs the peers when they are missing, and starts bench.ts. */
'use strict'

const { spawnSync } = require('node:child_process')
const { existsSync, statSync } = require('node:fs')
const { dirname, join } = require('node:path')
const prepare = require('../scripts/prepare.cjs')
const runProcess = require('../scripts/run-process.cjs')

function isInstalled() {
  const installed = join(__dirname, 'node_modules', '.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(__dirname, 'package-lock.json')).mtimeMs
}

/**
 * Not `npm ci`, which refuses a lock file without the optional binaries of other platforms (msgpackr-extract's).
 * better-sqlite3 is overridden to 13: 12, which LangGraph.js asks for, aborts in garbage collection on Node 24.21.
 */
function installPeers(node) {
  if (isInstalled()) return
  prepare.say('Installing what the benchmarks compare with (once) …')
  const [command, ...first] = prepare.npm()
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` }
  const { status, error } = spawnSync(command, [...first, 'install', '--no-save'], {
    cwd: __dirname,
    stdio: 'inherit',
    env,
  })
  if (error) prepare.say(error.message)
  if (status !== 0) process.exit(status ?? 1)
}

const args = process.argv.slice(2)
const only = /--only[ =](\S*)/.exec(args.join(' '))
const needsPeers = !args.includes('--no-peers') && (!only || /steps|guard|gateway|faults/.test(only[1]))

prepare.build(false, (node) => {
  if (needsPeers) installPeers(node)
  const command = [node, '--disable-warning=ExperimentalWarning', join(__dirname, 'bench.ts'), ...args]
  runProcess.run(command, prepare.root, {}, runProcess.endAs)
})
