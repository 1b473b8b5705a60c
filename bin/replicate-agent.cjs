#!/usr/bin/env node
'use strict'
// Starts the command line on a Node that is new enough. Parsable by any Node: no syntax newer than ES5 here.
var path = require('path')
var fs = require('fs')

var root = path.join(__dirname, '..')
var handedOver = process.env.REPLICATE_AGENT_HANDED_OVER === '1'

function isSupported(version) {
  var parts = version.split('.').map(Number)
  return parts[0] > 22 || (parts[0] === 22 && parts[1] >= 18)
}

/** The Node that npm put beside the package: a dev dependency of a clone, or hoisted next to it. */
function bundledNode() {
  var file = process.platform === 'win32' ? 'node.exe' : 'node'
  var places = [path.join(root, 'node_modules', 'node', 'bin', file), path.join(root, '..', 'node', 'bin', file)]
  for (var at = 0; at < places.length; at += 1) if (fs.existsSync(places[at])) return places[at]
  return undefined
}

function start() {
  var args = process.argv.slice(2)
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    process.stdout.write(require('../package.json').version + '\n')
    return
  }
  var entry = path.join(root, 'dist', 'cli', 'main.js')
  if (!fs.existsSync(entry)) {
    process.stderr.write('error: replicate-agent is not built yet; run: npm run build\n')
    process.exitCode = 5
    return
  }
  if (handedOver) endWithLauncher()
  if (process.versions.node.indexOf('22.') === 0) silenceSqliteWarning()
  keepCompiledCode()
  import(require('url').pathToFileURL(entry).href)
    .then(function (cli) {
      return cli.main(args)
    })
    .catch(function (error) {
      process.stderr.write('error: ' + (error && error.stack ? error.stack : error) + '\n')
      process.exitCode = 1
    })
}

function keepCompiledCode() {
  var cache = process.env.XDG_CACHE_HOME || path.join(require('os').homedir(), '.cache')
  try {
    require('module').enableCompileCache(path.join(cache, 'replicate-agent', 'compile'))
  } catch (error) {
    // A cache that can't be kept only costs time.
  }
}

/** On Node 22 node:sqlite announces itself as experimental; this project relies on it on purpose. */
function silenceSqliteWarning() {
  var emit = process.emitWarning
  process.emitWarning = function (warning) {
    var text = typeof warning === 'string' ? warning : String(warning && warning.message)
    if (text.indexOf('SQLite') >= 0) return
    emit.apply(process, arguments)
  }
}

/** A `kill -9` of the launcher means this process: it is the one that people see. */
function endWithLauncher() {
  delete process.env.REPLICATE_AGENT_HANDED_OVER
  process.on('disconnect', function () {
    process.kill(process.pid, 'SIGKILL')
  })
  if (process.channel && process.channel.unref) process.channel.unref()
}

/**
 * Runs the same command on a newer Node. TERM and HUP are passed on; Ctrl-C reaches both from the terminal, and is
 * passed on only where there is none. The child ends when this process is killed, through the ipc channel.
 */
function handOver(node) {
  var env = Object.assign({}, process.env, { REPLICATE_AGENT_HANDED_OVER: '1' })
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: env,
  })
  var listeners = {}
  function listen(signal, passOn) {
    listeners[signal] = function () {
      if (passOn) child.kill(signal)
    }
    process.on(signal, listeners[signal])
  }
  listen('SIGTERM', true)
  listen('SIGHUP', true)
  listen('SIGINT', !process.stdin.isTTY && !process.stderr.isTTY)
  child.on('error', function (error) {
    process.stderr.write('error: ' + node + ' could not be started: ' + error.message + '\n')
    process.exit(69)
  })
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code === null ? 1 : code)
    Object.keys(listeners).forEach(function (name) {
      process.removeListener(name, listeners[name])
    })
    process.kill(process.pid, signal)
  })
}

if (isSupported(process.versions.node)) start()
else {
  var newer = handedOver ? undefined : bundledNode()
  if (newer) handOver(newer)
  else {
    process.stderr.write('error: replicate-agent needs Node 22.18 or newer; this is ' + process.version + '\n')
    process.exitCode = 69
  }
}
