'use strict'
// Installs and builds what is missing or older than its sources. ES5, so that it runs on whatever Node there is.
var fs = require('fs')
var path = require('path')
var runProcess = require('./run-process.cjs')

var root = path.join(__dirname, '..')
/** By path: a shell or a process that looked `node` up before the install goes on with the old one. */
var installedNode = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
var dist = path.join(root, 'dist')
var stamp = path.join(dist, '.built')
var inputs = [
  'src',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/bundle.ts',
  'scripts/third-party-licenses.ts',
  'node_modules/.package-lock.json',
]

/** Milliseconds since 1970; 0 for what is not there. */
function changedAt(file) {
  try {
    return fs.statSync(file).mtimeMs
  } catch (error) {
    return 0
  }
}

function say(line) {
  process.stderr.write(line + '\n')
}

function isNewEnough(version) {
  var parts = version.split('.').map(Number)
  return parts[0] > 22 || (parts[0] === 22 && parts[1] >= 18)
}

/** Runs a step; when it fails, `undo` (optional) is called and this process ends as the step did. */
function must(command, next, undo) {
  runProcess.run(command, root, {}, function (code, signal) {
    if (code === 0) return next()
    if (undo) undo()
    runProcess.endAs(code, signal)
  })
}

/** Calls back with the Node to use: the one that npm installs; this one if npm may not run its script. */
function install(next) {
  var installed = changedAt(path.join(root, 'node_modules', '.package-lock.json'))
  var isFresh = installed >= changedAt(path.join(root, 'package-lock.json'))
  if (isFresh && (fs.existsSync(installedNode) || isNewEnough(process.versions.node))) return found()
  say('Installing dependencies (npm ci) …')
  must(npm().concat(['ci', '--loglevel=error']), found)

  function found() {
    if (fs.existsSync(installedNode)) return next(installedNode)
    if (isNewEnough(process.versions.node)) return next(process.execPath)
    say(
      'error: Node 22.18 or newer is needed, this is ' +
        process.versions.node +
        ', and npm brought none: its install scripts are off (ignore-scripts). Run: npm ci --ignore-scripts=false'
    )
    process.exit(69)
  }
}

/** Under `npm run`, npm says where it is; that one is asked, not another on the PATH. */
function npm() {
  var file = process.env.npm_execpath
  return file && /npm-cli\.c?js$/.test(file) ? [process.execPath, file] : ['npm']
}

/** When the newest of a build's inputs changed. A folder changes when a file in it comes or goes. */
function latestInput() {
  var latest = 0
  function look(place) {
    if (/\.(test|fixture)\.tsx?$/.test(place)) return
    var stat = fs.statSync(place)
    latest = Math.max(latest, stat.mtimeMs)
    if (!stat.isDirectory()) return
    fs.readdirSync(place).forEach(function (name) {
      look(path.join(place, name))
    })
  }
  inputs.forEach(function (name) {
    if (fs.existsSync(path.join(root, name))) look(path.join(root, name))
  })
  return latest
}

/** Installs, then builds unless nothing changed since; calls back with the Node to use. */
function build(force, next) {
  install(function (node) {
    if (!force && changedAt(stamp) >= latestInput()) return next(node)
    say('Building dist/ …')
    writeDist(node, function () {
      next(node)
    })
  })
}

/** Writes beside and renames, so that who uses dist/ meanwhile finds the old or the new, never half of one. */
function writeDist(node, next) {
  var began = new Date()
  var fresh = path.join(root, 'dist.' + process.pid)
  var old = fresh + '.old'
  function remove() {
    fs.rmSync(fresh, { recursive: true, force: true })
    fs.rmSync(old, { recursive: true, force: true })
  }
  var tsc = [node, 'node_modules/typescript/bin/tsc', '--project', 'tsconfig.build.json', '--outDir', fresh]

  must(tsc, bundle, remove)

  function bundle() {
    must([node, 'scripts/bundle.ts', path.join(fresh, 'cli')], replace, remove)
  }

  function replace() {
    var builtStamp = path.join(fresh, '.built')
    fs.writeFileSync(builtStamp, '')
    // What changed while this ran is newer.
    fs.utimesSync(builtStamp, began, began)
    if (fs.existsSync(dist)) fs.renameSync(dist, old)
    fs.renameSync(fresh, dist)
    remove()
    next()
  }
}

exports.root = root
exports.npm = npm
exports.install = install
exports.build = build
exports.say = say
