#!/usr/bin/env node
'use strict'
// Starts the command line on a Node that is new enough; any Node can parse this file (ES5, nothing newer).
var path = require('path')

var oldest = '22.18'
var root = path.join(__dirname, '..')
/** Set for the child that a launcher on an old Node hands over to; `start.cjs` takes it away again. */
var handedOver = process.env.REPLICATE_AGENT_HANDED_OVER === '1'

function isNewEnough(version) {
  var has = version.split('.').map(Number)
  var wants = oldest.split('.').map(Number)
  return has[0] > wants[0] || (has[0] === wants[0] && has[1] >= wants[1])
}

/** The Node that npm installed beside this package: in its own node_modules, or hoisted to one further up. */
function installedNode() {
  for (var at = 0; at < module.paths.length; at += 1) {
    var folder = path.join(module.paths[at], 'node')
    try {
      if (isNewEnough(require(path.join(folder, 'package.json')).version)) {
        var file = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
        require('fs').accessSync(file)
        return file
      }
    } catch (error) {
      // Not here, or npm was told not to run its install script.
    }
  }
  return undefined
}

function printVersion() {
  process.stdout.write(require('../package.json').version + '\n')
}

function refuse() {
  process.stderr.write(
    'error: replicate-agent needs Node.js ' +
      oldest +
      ' or newer; this is ' +
      process.version +
      ' (' +
      process.execPath +
      ')\n'
  )
  process.exitCode = 69
}

function main() {
  if (!isNewEnough(process.versions.node)) {
    var node = handedOver ? undefined : installedNode()
    if (node) require('./hand-over.cjs').handOver(node, __filename)
    else refuse()
    return
  }
  var args = process.argv.slice(2)
  // Answered here, because people and scripts ask for it often; with other arguments the command line answers.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) printVersion()
  else require('./start.cjs').start(root, args, handedOver)
}

main()
