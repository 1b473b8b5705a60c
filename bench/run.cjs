/** Runs the benchmarks: finds a Node that can, installs the peers when they are missing, and starts bench.ts. */
'use strict'

const { spawnSync } = require('node:child_process')
const { existsSync, statSync } = require('node:fs')
const { dirname, join } = require('node:path')

const root = dirname(__dirname)

/** This Node when it strips types by itself, else the one that npm installed beside it. */
function findNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  const beside = join(root, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(beside)) return beside
  process.stderr.write('the benchmarks need Node 22.18 or newer; `npm ci` in the main folder brings one\n')
  process.exit(69)
}

function run(command, args, env) {
  const { status, error } = spawnSync(command, args, {
    cwd: __dirname,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error) process.stderr.write(`${error.message}\n`)
  if (status !== 0) process.exit(status ?? 1)
}

function isInstalled() {
  const installed = join(__dirname, 'node_modules', '.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(__dirname, 'package.json')).mtimeMs
}

/** better-sqlite3 is overridden to 13: 12, which the peer asks for, aborts in garbage collection on Node 24.21. */
function installPeers(node) {
  if (isInstalled()) return
  process.stderr.write('installing what the benchmarks compare with (once)\n')
  const verb = existsSync(join(__dirname, 'package-lock.json')) ? 'ci' : 'install'
  run('npm', [verb, '--no-fund', '--no-audit'], { PATH: `${dirname(node)}:${process.env.PATH}` })
}

const node = findNode()
const args = process.argv.slice(2)
if (!args.includes('--no-peers')) installPeers(node)
run(node, ['--disable-warning=ExperimentalWarning', join(__dirname, 'bench.ts'), ...args])
