/** A page of docs/ as it is tested: the files that it shows are written, and its commands print what stands below them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { CliEnd, CliRig } from './rig.ts'

interface Block {
  kind: string
  text: string
}

export interface Page {
  text: string
  blocks: readonly Block[]
}

/** `name`: of a file in docs/, without its ending. */
export function readPage(name: string): Page {
  const text = readFileSync(join(import.meta.dirname, `../../docs/${name}.md`), 'utf8')
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind = '', inner = '']) => ({
    kind,
    text: inner,
  }))
  return { text, blocks }
}

interface HowToPlay {
  with?: Parameters<CliRig['run']>[1]
  /** Without what is another thing each time. */
  steady?(printed: string): string
  /** Of files that are shown several times, the first one counts; the others are parts to look at. Default: the last. */
  keepsFirst?: true
  wrote?(): Promise<void>
  ended?(command: string, end: CliEnd): void
}

/** In order: a block of YAML that begins with `# FILE` is that file; of a block of commands, the last one's output is shown. Gives how many ran. */
export async function playPage({ blocks }: Page, cli: CliRig, how: HowToPlay = {}): Promise<number> {
  const { steady = (printed) => printed } = how
  const written = new Set<string>()
  let commands = 0
  for (const [at, { kind, text }] of blocks.entries()) {
    if (kind === 'yaml') await writeBlock(text, written, cli, how)
    if (kind !== 'sh') continue
    const outputs = await runBlock(text, cli, how)
    commands += outputs.length
    const next = blocks[at + 1]
    expect(next?.kind).toBe('text')
    expect(steady(outputs.at(-1) ?? '').trimEnd()).toBe(steady(next?.text ?? '').trimEnd())
  }
  return commands
}

async function writeBlock(text: string, written: Set<string>, cli: CliRig, how: HowToPlay): Promise<void> {
  const file = /^# (\S+)\n/.exec(text)?.[1] ?? ''
  expect(file, text).not.toBe('')
  if (!how.keepsFirst || !written.has(file)) await cli.write(file, text)
  written.add(file)
  await how.wrote?.()
}

async function runBlock(text: string, cli: CliRig, how: HowToPlay): Promise<string[]> {
  const outputs: string[] = []
  for (const [, command = ''] of text.matchAll(/^replicate-agent (.*)$/gm)) {
    const end = await cli.run(command, how.with)
    expect(end.code, end.stderr).toBe(0)
    how.ended?.(command, end)
    outputs.push(end.stdout)
  }
  return outputs
}
