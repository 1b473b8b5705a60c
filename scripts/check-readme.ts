/**
 * Holds README.md to the program. What stands after `<!-- output -->` is run again and compared, after
 * `<!-- from FILE -->` looked for in that file, after `<!-- verbs -->` made from the tables of verbs.
 * `node scripts/check-readme.ts --write` puts in what is true today.
 */
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { nounTable, verbTable } from '../src/doors/cli/commands/table.ts'
import { runCli } from '../src/doors/cli/run-cli.ts'
import { systemClock } from '../src/std/clock.ts'

const root = resolve(import.meta.dirname, '..')
const marked = /<!-- (output|from|verbs)(?: (\S+))? -->\n(?:```\w*\n([\s\S]*?)```\n|((?:\|.*\n)+))/g

interface Marked {
  kind: string
  file: string | undefined
  /** What stands there, without the fence. */
  text: string
  /** Where `text` is in the page. */
  start: number
}

/** What is no longer true, in words; with `write`, it is put right in the file instead. */
export async function checkReadme(file = join(root, 'README.md'), write = false): Promise<string[]> {
  let page = await readFile(file, 'utf8')
  const problems: string[] = []
  const blocks = [...page.matchAll(marked)].map(blockOf)
  if (blocks.length === 0) problems.push(`${file}: nothing is marked to be checked`)
  // From the end, so that places stay right while texts are replaced.
  for (const block of blocks.toReversed()) {
    const { problem, text } = await check(block)
    if (problem === undefined) continue
    problems.unshift(problem)
    if (write && text !== undefined)
      page = page.slice(0, block.start) + text + page.slice(block.start + block.text.length)
  }
  if (write) await writeFile(file, page)
  return problems
}

function blockOf(match: RegExpExecArray): Marked {
  const [whole, kind = '', file, fenced, table] = match
  const text = fenced ?? table ?? ''
  return { kind, file, text, start: match.index + whole.lastIndexOf(text) }
}

async function check(block: Marked): Promise<{ problem?: string; text?: string }> {
  if (block.kind === 'from') {
    const source = await readFile(join(root, block.file ?? ''), 'utf8')
    return source.includes(block.text) ? {} : { problem: `the excerpt is not in ${block.file}` }
  }
  const text = block.kind === 'verbs' ? verbRows() : await transcript(commandsOf(block.text))
  const same = block.kind === 'verbs' ? text === block.text : essence(text) === essence(block.text)
  return same ? {} : { problem: `${block.kind} differs:\n${text}`, text }
}

/** Links of a page that lead to no file, and pages of its own folder that it does not link. */
export async function checkLinks(page: string, wholeFolder = false): Promise<string[]> {
  const text = await readFile(page, 'utf8')
  const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target = '']) =>
    resolve(dirname(page), target),
  )
  const missing = targets.filter((target) => !existsSync(target))
  const pages = wholeFolder ? (await readdir(dirname(page))).filter((name) => name.endsWith('.md')) : []
  const unlisted = pages
    .map((name) => join(dirname(page), name))
    .filter((file) => file !== page && !targets.includes(file))
  return [
    ...missing.map((target) => `${relative(root, page)} links ${relative(root, target)}, which is not there`),
    ...unlisted.map((file) => `${relative(root, page)} does not list ${relative(root, file)}`),
  ]
}

// ── transcripts ──

function commandsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('$ replicate-agent ') ? [line] : []))
}

/** Runs the commands one after the other, as typed in a folder with the examples and nothing else. */
async function transcript(commands: readonly string[]): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'readme-')))
  try {
    await cp(join(root, 'workflows'), join(folder, 'workflows'), { recursive: true })
    let text = ''
    for (const command of commands) {
      if (text !== '') text += '\n'
      text += `${command}\n${await outputOf(argumentsOf(command), folder)}`
    }
    return text
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function argumentsOf(command: string): string[] {
  const words = command.replace('$ replicate-agent ', '').match(/(?:[^\s"]|"[^"]*")+/g) ?? []
  return words.map((word) => word.replaceAll('"', ''))
}

async function outputOf(args: readonly string[], folder: string): Promise<string> {
  let text = ''
  const stream = { isTTY: false, columns: 100, write: (piece: string) => void (text += piece) }
  await runCli(args, {
    stdin: nothing(),
    stdout: stream,
    stderr: stream,
    env: { REPLICATE_AGENT_HOME: join(folder, '.replicate-agent'), NO_COLOR: '1' },
    cwd: folder,
    clock: systemClock,
    onStop: () => () => {},
  })
  return text
}

async function* nothing(): AsyncGenerator<string> {}

/** Ids, times, sizes and fractions of cents differ from run to run, and so does which of four drawings is done first. */
function essence(text: string): string {
  const lines = text.split('\n').map((line) =>
    line
      .replaceAll(/\b[0-9a-hjkmnp-tv-z]{20}\b/g, 'RUN')
      .replaceAll(/\b[0-9a-f]{64}\b/g, 'HASH')
      .replaceAll(/\/[0-9a-f]{2}\/HASH/g, '/HASH')
      .replaceAll(/\b\d+(\.\d+)?(ms|s)\b/g, 'TIME')
      .replaceAll(/\b\d+(\.\d+)? [kM]?B\b/g, 'SIZE')
      .replaceAll(/(\$0\.\d{3})\d\b/g, '$1')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  )
  return lines
    .filter((line) => line !== '')
    .sort()
    .join('\n')
}

// ── verbs ──

function verbRows(): string {
  const rows = ['| command | verbs | what it is for |', '|---|---|---|']
  for (const [noun, { summary, verbs }] of Object.entries(nounTable))
    rows.push(`| \`${noun}\` | ${Object.keys(verbs).join(', ')} | ${summary} |`)
  for (const [verb, { summary }] of Object.entries(verbTable)) rows.push(`| \`${verb}\` | | ${summary} |`)
  return `${rows.join('\n')}\n`
}

if (import.meta.main) {
  const write = process.argv.includes('--write')
  const links = [
    ...(await checkLinks(join(root, 'README.md'))),
    ...(await checkLinks(join(root, 'docs/README.md'), true)),
  ]
  const problems = [...(await checkReadme(undefined, write)), ...links]
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  if (problems.length > 0 && !write) process.exitCode = 1
}
