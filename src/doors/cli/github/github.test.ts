import { describe, expect, it } from 'vitest'
import type { RunNews } from '../../../domain/events.ts'
import type { RunResult } from '../../../domain/run.ts'
import { githubLog } from './github-log.ts'
import { groupedLines } from './grouped-lines.ts'
import { jobSummary } from './job-summary.ts'
import { stepOutputs } from './step-outputs.ts'
import { withoutCommands, workflowCommand } from './workflow-command.ts'

const run: RunResult = {
  run_id: '01abc',
  workflow: 'photo',
  status: 'succeeded',
  outputs: {},
  cost_usd: 0.5,
  duration_ms: 1_200,
  steps: {},
}

describe('a workflow command', () => {
  it('is one line, whatever its message and properties hold', () => {
    expect(workflowCommand('error', '50% of a,b: c\r\nnext', { file: 'a,b:c.yaml', line: 3, title: '1%\n' })).toBe(
      '::error file=a%2Cb%3Ac.yaml,line=3,title=1%25%0A::50%25 of a,b: c%0D%0Anext',
    )
  })

  it('leaves out properties that are not known', () => {
    expect(workflowCommand('warning', 'so', { file: undefined, title: '' })).toBe('::warning::so')
  })

  it('is not what a model writes', () => {
    const written = 'one\n::add-mask::e\n  ::error::no\nsee ##[group]here; a :: b stays'
    const shown = withoutCommands(written)
    expect(shown).not.toMatch(/^\s*::/m)
    expect(shown).not.toContain('##[')
    expect(shown.replaceAll('\u200b', '')).toBe(written)
    expect(shown).toContain('a :: b stays')
  })
})

describe('annotations', () => {
  it('name files as the repository has them, also from a folder below it', () => {
    let printed = ''
    const stderr = { write: (text: string) => (printed += text) }
    const github = githubLog({ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: '/repo' }, '/repo/tools', stderr)
    github?.annotate('error', 'no', { file: '/repo/tools/a.yaml', line: 2, column: 5 })
    github?.annotate('error', 'no', { file: 'b.yaml' })
    expect(printed).toBe('::error file=tools/a.yaml,line=2,col=5::no\n::error file=tools/b.yaml::no\n')
  })

  it('are for GitHub Actions only', () => {
    expect(githubLog({ GITHUB_ACTIONS: 'false' }, '/', { write: () => {} })).toBeUndefined()
  })
})

/** As the runner reads the file: `NAME<<DELIMITER`, lines, `DELIMITER`. */
function readOutputs(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  const lines = text.split('\n')
  while (lines.length > 0) {
    const head = lines.shift() as string
    if (head === '') continue
    const [name, delimiter] = head.split('<<') as [string, string]
    found[name] = lines.splice(0, lines.indexOf(delimiter)).join('\n')
    lines.shift()
  }
  return found
}

describe('the outputs of a step', () => {
  it('are the run and each output of the workflow, strings as they are and the rest as JSON', () => {
    const outputs = { text: 'one\ntwo', list: [1, 'a'], nothing: null }
    expect(readOutputs(stepOutputs({ ...run, outputs }, 'd').text)).toEqual({
      ...{ run_id: '01abc', status: 'succeeded', cost_usd: '0.5', outputs: JSON.stringify(outputs) },
      ...{ text: 'one\ntwo', list: '[1,"a"]', nothing: 'null' },
    })
  })

  it('say nothing for a cost that is not known', () => {
    expect(readOutputs(stepOutputs({ ...run, cost_usd: null }, 'd').text)['cost_usd']).toBe('')
  })

  it('can not be forged by a value or a name', () => {
    const outputs = { status: 'fine', text: 'x\nEOF\nstatus=fine\nstatus<<EOF\nfine\nEOF', 'a<<EOF\nstatus': 'fine' }
    const { text, leftOut } = stepOutputs({ ...run, status: 'failed', outputs }, 'random')
    expect(readOutputs(text)).toEqual({
      ...{ run_id: '01abc', status: 'failed', cost_usd: '0.5', outputs: JSON.stringify(outputs) },
      text: outputs.text,
    })
    expect(leftOut).toEqual(['a<<EOF\nstatus'])
  })

  it('leave out and name what GitHub refuses for its size', () => {
    const { text, leftOut } = stepOutputs({ ...run, outputs: { long: 'x'.repeat(1_000_001), short: 'y' } }, 'd')
    expect(leftOut).toEqual(['outputs', 'long'])
    expect(readOutputs(text)).toMatchObject({ short: 'y' })
  })
})

describe('the job summary', () => {
  const step = { status: 'succeeded', attempts: 2, latency_ms: 900, cost_usd: 0.25, model: 'a/b' } as const

  it('has a row for each step and output, and how to go on', () => {
    const failed: RunResult = {
      ...{ ...run, status: 'failed', outputs: { sum: 3 } },
      steps: {
        draw: step,
        judge: { ...step, status: 'failed', error: { code: 'server', message: 'gone', retryable: true } },
      },
      error: { code: 'step_failed', message: 'step "judge" failed', retryable: false },
    }
    const summary = jobSummary(failed, ['', 'run again what failed:', '  replicate-agent runs retry 01abc'])
    expect(summary).toContain('### ✗ photo failed\n\n1.2s · 2 steps · $0.5000 · run `01abc`\n')
    expect(summary).toContain('\n| ✓ draw | succeeded | 900ms | $0.2500 | 2 | a/b |  |\n')
    expect(summary).toContain('\n| ✗ judge | failed | 900ms | $0.2500 | 2 | a/b | gone |\n')
    expect(summary).toContain('\n| sum | 3 |\n')
    expect(summary).toContain('```\nrun again what failed:\n  replicate-agent runs retry 01abc\n```\n')
  })

  it('shows what models wrote as text, on one line', () => {
    const text = '| <img src=x onerror=alert(1)> [link](http://x) `code`\n\n# title'
    const summary = jobSummary({ ...run, outputs: { text } }, ['replicate-agent ```'])
    expect(summary).toContain(
      String.raw`| text | \| &lt;img src=x onerror=alert\(1\)&gt; \[link\]\(http://x\) \`code\` \# title |`,
    )
    expect(summary.match(/^```$/gm)).toHaveLength(2)
  })

  it('stays small', () => {
    const steps = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`step${at}`, step]))
    const outputs = { long: 'x'.repeat(5_000_000) }
    const summary = jobSummary({ ...run, steps, outputs }, [])
    expect(summary.length).toBeLessThan(100_000)
    expect(summary).toContain('… and 4800 steps more')
  })
})

describe('grouped lines', () => {
  function grouped(...news: [step: string, type: string, more?: object, run_id?: string][]): string[] {
    const printed: string[] = []
    const lines = groupedLines('r', ['a', 'a-b', 'ask'], {
      print: (line) => printed.push(line),
      group: (title, inside) => printed.push(`[${title}: ${inside.join(', ')}]`),
    })
    for (const [step, type, more, run_id = 'r'] of news) {
      const event = { type, time: 0, ...(step !== '' && { step }), ...more } as unknown as RunNews['event']
      lines.add({ run_id, event }, `${run_id}/${step} ${type}`)
    }
    lines.flush()
    return printed
  }

  it('keep what a step says until it is over, apart from the others', () => {
    expect(
      grouped(
        ['a', 'step.started'],
        ['a-b', 'step.started'],
        ['a', 'call.settled'],
        ['a-b', 'step.settled', { index: 0 }],
        ['a', 'step.settled'],
        ['a-b', 'step.settled'],
        ['', 'run.settled'],
      ),
    ).toEqual([
      'r/a step.started',
      'r/a-b step.started',
      '[r/a step.settled: r/a call.settled]',
      '[r/a-b step.settled: r/a-b step.settled]',
      'r/ run.settled',
    ])
  })

  it('make no group of one line', () => {
    expect(grouped(['a', 'step.settled'])).toEqual(['r/a step.settled'])
  })

  it('count nested runs to the step that they are in, by the longest name', () => {
    expect(
      grouped(
        ['x', 'step.settled', {}, 'r.a-b.0-round2'],
        ['x', 'step.settled', {}, 'r.a'],
        ['a-b', 'step.settled'],
        ['a', 'step.settled'],
      ),
    ).toEqual(['[r/a-b step.settled: r.a-b.0-round2/x step.settled]', '[r/a step.settled: r.a/x step.settled]'])
  })

  it('show at the end what steps have said that are not over, and at once what somebody is asked', () => {
    expect(grouped(['ask', 'approval.requested'], ['a', 'call.settled'])).toEqual([
      'r/ask approval.requested',
      '[a: r/a call.settled]',
    ])
  })
})
