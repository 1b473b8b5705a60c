/** docs/testing.md: its files are written, its commands run, and what they print is what stands there. */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testFileSpec } from '../../src/app/workflow-tests/spec.ts'
import { type CliRig, openCli } from './rig.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/testing.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text as string,
}))
const files = blocks
  .filter(({ kind }) => kind === 'yaml')
  .map(({ text }) => ({ file: /^# (\S+)\n/.exec(text)?.[1], text }))
const commands = blocks.flatMap(({ kind, text }, at) => {
  if (kind !== 'sh') return []
  const next = blocks[at + 1]
  return [
    { command: text.trim().replace(/^replicate-agent /, ''), printed: next?.kind === 'text' ? next.text : undefined },
  ]
})

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
})
afterAll(() => cli.close())

/** Times differ. */
const essence = (text: string) => text.replaceAll(/\b\d+(\.\d+)?m?s\b/g, 'TIME').trimEnd()

describe('docs/testing.md', () => {
  test('shows the output of its commands as it is', async () => {
    for (const { file = '', text } of files.slice(0, 2)) await cli.write(file, text)
    const wrong = files[3]
    const [first, second] = commands
    expect(essence((await cli.run(first?.command ?? '')).stdout)).toBe(essence(first?.printed ?? ''))
    await cli.write(wrong?.file ?? '', wrong?.text ?? '')
    const failed = await cli.run(second?.command ?? '')
    expect(failed.code).toBe(1)
    expect(essence(failed.stdout)).toBe(essence(second?.printed ?? ''))
  })

  test('has only tests that pass, but for the one that shows a failure', async () => {
    for (const { file, text } of files) {
      expect(file).toMatch(/^workflows\/[\w.]+\.yaml$/)
      if (file !== 'workflows/reply.wrong.test.yaml') await cli.write(file ?? '', text)
    }
    await rm(join(cli.cwd, 'workflows/reply.wrong.test.yaml'), { force: true })
    const { code, stdout, stderr } = await cli.run(commands.at(-1)?.command ?? '')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/9 passed of 9 tests in 4 files/)
    expect(stdout).toMatch(/branches {2}100 %/)
    expect(code).toBe(0)
  })

  test('names every field', () => {
    const named = new Set([...page.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name))
    const { tests } = testFileSpec.shape
    const { expect: expectations, ...fields } = tests.element.shape
    const all = [
      ...Object.keys(testFileSpec.shape),
      ...Object.keys(fields),
      ...Object.keys(expectations.unwrap().shape),
    ]
    expect(all.filter((name) => !named.has(name))).toEqual([])
  })
})
