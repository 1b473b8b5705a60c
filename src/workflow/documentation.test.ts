/** The examples of docs/workflows.md: good ones load, bad ones give exactly the problems shown. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../domain/problem.ts'
import { loadWorkflowText } from './load.ts'
import { workflowSpec } from './spec.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/workflows.md'), 'utf8')
const blocks = [...page.matchAll(/^```(yaml|yaml bad|text)\n([\s\S]*?)^```$/gm)].map(([, kind, text]) => ({
  kind,
  text: text as string,
}))
const good = blocks.filter((block) => block.kind === 'yaml')
const bad = blocks.flatMap((block, at) =>
  block.kind === 'yaml bad' ? [{ text: block.text, shown: blocks[at + 1] }] : [],
)

function lineOf({ line, column, code, message, hint }: Problem): string {
  return `${line}:${column} ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
}

describe('docs/workflows.md', () => {
  it('has a good number of examples', () => {
    expect(good.length).toBeGreaterThan(15)
    expect(bad.length).toBeGreaterThan(12)
  })

  it.each(good)('loads the example %#', async ({ text }) => {
    const outcome = await loadWorkflowText(text, 'example.yaml')
    expect(outcome.ok ? outcome.workflow.warnings : outcome.problems.map(lineOf)).toEqual([])
  })

  it.each(bad)('gives the problems shown for the bad example %#', async ({ text, shown }) => {
    const outcome = await loadWorkflowText(text, 'example.yaml')
    expect(shown?.kind).toBe('text')
    expect(outcome.ok ? '' : outcome.problems.map((problem) => `${lineOf(problem)}\n`).join('')).toBe(shown?.text)
  })

  it('has a section for every field of a workflow and of a step', () => {
    const sections = new Set([...page.matchAll(/^#{2,3} (\w+)$/gm)].map(([, name]) => name))
    const step = workflowSpec.shape.steps.valueType
    const missing = [...Object.keys(workflowSpec.shape), ...Object.keys(step.shape)].filter(
      (name) => !sections.has(name),
    )
    expect(missing).toEqual([])
  })
})
