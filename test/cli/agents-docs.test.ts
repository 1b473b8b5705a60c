/** The commands, configurations and answers of `docs/agents.md`, in order. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliRig, openCli } from './rig.ts'

const root = resolve(import.meta.dirname, '../..')

interface Block {
  language: string
  text: string
}

let blocks: Block[]
let cli: CliRig
beforeAll(async () => {
  cli = await openCli({ REPLICATE_API_TOKEN: '' })
  const page = await readFile(resolve(root, 'docs/agents.md'), 'utf8')
  blocks = [...page.matchAll(/^```(.+)\n([^]*?)^```/gm)].map(([, language = '', text = '']) => ({ language, text }))
})
afterAll(() => cli.close())

test('every command of the page about agents works as it stands there, and prints what the page says', async () => {
  let printed = ''
  let commands = 0
  for (const { language, text } of blocks) {
    if (language === 'yaml') await cli.write('replicate-agent.yaml', text)
    if (language === 'yaml other') {
      await cli.write('other.yaml', text)
      expect((await cli.run('agents list --config other.yaml')).code).toBe(0)
    }
    if (language === 'yaml lock') {
      const lock = await readFile(join(cli.cwd, 'replicate-agent.sandbox.lock'), 'utf8')
      expect(withoutTimes(lock)).toContain(withoutTimes(text))
    }
    if (language === 'text') expect(printed).toContain(text.trim())
    if (!language.startsWith('sh')) continue
    printed = ''
    for (const line of text.trim().split('\n')) {
      const end = await cli.run(line.replace(/^replicate-agent /, ''))
      expect(end.code, `${line}\n${end.stderr}`).toBe(language === 'sh fails' ? 3 : 0)
      printed += end.stdout + end.stderr
      commands += 1
    }
  }
  expect(commands).toBe(17)
})

/** When something was locked differs each time. */
function withoutTimes(lock: string): string {
  return lock.replaceAll(/resolved_at: .*/g, 'resolved_at')
}

test('the program of the page runs', async () => {
  const program = blocks.find(({ language }) => language === 'ts')?.text ?? ''
  const index = JSON.stringify(resolve(root, 'src/index.ts'))
  const file = await cli.write('program.mts', program.replace("'replicate-agent'", index))
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    cwd: cli.cwd,
    env: { PATH: process.env['PATH'], REPLICATE_AGENT_HOME: cli.home },
  })
  expect(stdout).toBe('HELLO\n')
})
