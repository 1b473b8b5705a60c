'use strict'
// Installs and builds what is missing or older than its sources. Plain CommonJS: it runs on whatever Node is there.
var childProcess = require('child_process')
var fs = require('fs')
var path = require('path')

var root = path.join(__dirname, '..')
var node = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
var stamp = path.join(root, 'dist', '.built')

function changed(file) {
  try {
    return fs.statSync(file).mtimeMs
  } catch (error) {
    return 0
  }
}

/** Runs a command to its end; exits with its code when it fails. */
function run(file, args, options) {
  var result = childProcess.spawnSync(file, args, Object.assign({ cwd: root, stdio: 'inherit' }, options))
  if (result.error) throw result.error
  if (result.signal) process.kill(process.pid, result.signal)
  return result.status === null ? 1 : result.status
}

function must(what, status) {
  if (status === 0) return
  process.stderr.write('error: ' + what + ' failed\n')
  process.exit(status)
}

function install() {
  var lock = changed(path.join(root, 'package-lock.json'))
  if (changed(path.join(root, 'node_modules', '.package-lock.json')) < lock || !fs.existsSync(node)) {
    process.stderr.write('installing dependencies\n')
    must('npm ci', run('npm', ['ci', '--loglevel=error'], { shell: process.platform === 'win32' }))
  }
  if (fs.existsSync(node)) return
  process.stderr.write('error: npm installed no Node 24: install scripts are switched off (ignore-scripts); allow the one of "node"\n')
  process.exit(69)
}

/** The newest change among the sources of a build. */
function newestSource() {
  var newest = 0
  function look(place) {
    var stat = fs.statSync(place)
    if (!stat.isDirectory()) newest = Math.max(newest, stat.mtimeMs)
    else {
      newest = Math.max(newest, stat.mtimeMs)
      fs.readdirSync(place).forEach(function (name) {
        look(path.join(place, name))
      })
    }
  }
  ;['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'rolldown.config.mjs', 'node_modules/.package-lock.json'].forEach(function (name) {
    look(path.join(root, name))
  })
  return newest
}

function build(force) {
  install()
  if (!force && changed(stamp) >= newestSource()) return
  process.stderr.write('building\n')
  fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true })
  must('tsc', run(node, [path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']))
  must('rolldown', run(node, [path.join('node_modules', 'rolldown', 'bin', 'cli.mjs'), '-c', 'rolldown.config.mjs', '--logLevel', 'warn']))
  fs.writeFileSync(stamp, '')
}

exports.root = root
exports.node = node
exports.run = run
exports.install = install
exports.build = build
