import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentDefinition } from '../domain/definition.ts'
import { type LoadOptions, loadWorkflowText } from './load.ts'

async function linesOf(text: string, options?: LoadOptions): Promise<string[]> {
  const outcome = await loadWorkflowText(text, 'flow.yaml', options)
  const problems = outcome.ok ? outcome.workflow.warnings : outcome.problems
  return problems.map(({ line, column, code }) => `${line}:${column} ${code}`)
}

const writer: AgentDefinition = { target: 'replicate', models: ['a/b'], defaults: {}, fallback: ['spare'] }
const spare: AgentDefinition = { ...writer, fallback: [] }

describe('problems of a workflow', () => {
  it('are told all at once, each where it is', async () => {
    const text = `
name: bad
inputs:
  topic: {typ: string}
agents:
  writer: {}
steps:
  draw:
    model: acme/draw
    input: {prompt: "a \${{ input.topic }}", size: "\${{ inputs.topik }} and \${{ len() }}"}
  write:
    agent: writer
    timeout: soon
    input:
      text: |
        Hello
          there \${{ steps.drow.output }}
        and \${{ steps.draw.outptu }}
      quoted: "it \\"is\\" \${{ 1 + }}"
      folded: >-
        some text
        goes \${{ foo("x") }}
  Wrong: {value: 1}
outputs:
  x: \${{ steps.nope.output }}
`
    expect(await linesOf(text)).toEqual([
      '4:11 unknown_field',
      '6:3 missing_field',
      '10:28 unknown_name',
      '10:56 unknown_input',
      '10:80 wrong_arity',
      '13:14 wrong_type',
      '17:21 unknown_step',
      '18:28 unknown_field',
      '19:34 unexpected',
      '22:18 unknown_function',
      '23:3 invalid_name',
      '25:10 unknown_step',
    ])
  })

  it('show their line', async () => {
    const outcome = await loadWorkflowText('steps:\n  a: {value: 1}\n  b: {valu: 1}\n', 'flow.yaml')
    const [problem] = outcome.ok ? [] : outcome.problems
    expect(problem).toEqual({
      file: 'flow.yaml',
      line: 3,
      column: 3,
      code: 'missing_field',
      severity: 'error',
      message: 'step "b" does nothing',
      hint: 'give it exactly one of agent, model, workflow, value, approval',
      source: '  b: {valu: 1}',
    })
  })

  it.each<[string, string[]]>([
    ['', ['1:1 empty_file']],
    ['- a', ['1:1 wrong_type']],
    ['name: x', ['1:1 missing_field']],
    ['steps: {}', ['1:1 no_steps']],
    ['steps:', ['1:1 wrong_type']],
    ['steps: {a: {}}', ['1:9 missing_field']],
    ['steps: {a: {value: 1, model: x/y}}', ['1:13 too_many_fields']],
    ['steps: {a: {agent: [x]}}', ['1:20 wrong_type']],
    ['steps: {a: {model: flux}}', ['1:20 wrong_type']],
    ['steps: {a: {agent: x/y}}', ['1:20 unknown_agent']],
    ['steps: {a: {value: 1, needs: [[a]]}}', ['1:31 wrong_type']],
    ['steps: {a: {value: 1, needs: a}}', ['1:30 cycle']],
    ['steps: {a: {value: "${{ steps.a.output }}"}}', ['1:25 cycle']],
    ['steps: {a: {value: 1, condition: failed("a")}}', ['1:34 cycle']],
    ['steps: {a: {value: 1, condition: failed("b")}}', ['1:41 unknown_step']],
    ['steps: {a: {value: 1, condition: failed(inputs)}}', ['1:34 wrong_arity']],
    ['steps: {a: {value: "${{ always() }}"}}', ['1:25 status_not_here']],
    ['steps: {a: {value: 1, condition: ""}}', ['1:35 empty']],
    ['steps: {a: {value: 1, condition: "a ${{ 1 }}"}}', ['1:35 template_in_expression']],
    ['steps: {a: {value: 1, condition: "${{ 1 }} b"}}', ['1:35 template_in_expression']],
    ['steps: {a: {value: 1, condition: true}}', ['1:34 constant_condition']],
    ['steps: {a: {value: 1, condition: "${{ 1 == 1 }}"}}', ['1:38 constant_condition']],
    ['steps: {a: {value: "${{ steps }}"}}', ['1:25 dynamic_step']],
    ['steps: {a: {value: "${{ outputs[inputs.x] }}"}}', ['1:25 dynamic_step', '1:33 unknown_input']],
    ['steps: {a: {value: "${{ outputs.x }}"}}', ['1:25 unknown_output_key']],
    ['steps: {a: {value: "${{ item }}"}}', ['1:25 not_in_foreach']],
    ['steps: {a: {value: 1, foreach: {in: "${{ [item] }}"}}}', ['1:43 not_in_foreach']],
    ['steps: {a: {value: 1, foreach: {in: [1], as: output}}}', ['1:46 reserved_name']],
    ['steps: {a: {value: 1, foreach: {in: [1], as: not}}}', ['1:46 reserved_name']],
    ['steps: {a: {value: 1, foreach: {in: 5}}}', ['1:37 wrong_type']],
    ['steps: {a: {value: 1, foreach: {in: "x ${{ 1 }}"}}}', ['1:37 wrong_type']],
    ['steps: {a: {value: "${{ previous }}"}}', ['1:25 not_in_repeat']],
    ['steps: {a: {value: 1, repeat: {}}}', ['1:23 missing_field']],
    ['steps: {a: {value: 1, repeat: {until: succeeded("a")}}}', ['1:39 status_not_here']],
    ['steps: {a: {value: 1, input: {x: 1}}}', ['1:23 misplaced_field']],
    ['steps: {a: {approval: hi, repeat: {max: 2}}}', ['1:27 misplaced_field']],
    ['steps: {a: {approval: {message: hi, inputs: {x: {}}}, inputs: {y: {}}}}', ['1:55 too_many_fields']],
    ['steps: {a: {approval: hi, inputs: {x: {type: file}}}}', ['1:36 misplaced_field']],
    ['steps: {a: {approval: "is ${{ nope }}"}}', ['1:31 unknown_name']],
    ['steps: {a: {approval: {message: "is ${{ nope }}"}}}', ['1:41 unknown_name']],
    [
      'steps: {a: {model: x/y, input: {a: 1}, input_map: {a: k}}, b: {value: 1, output_key: k}}',
      ['1:52 duplicate_argument'],
    ],
    ['steps: {b: {value: 1, output_key: k}, c: {value: 1, output_key: k}}', ['1:65 duplicate_output_key']],
    ['steps: {a: {value: {"k${{ 1 }}": 1}}}', ['1:21 template_in_key']],
    ['steps: {a: {value: "x ${{ null }}"}}', ['1:26 null_in_text']],
    ['steps: {a: {model: x/y, fallback: [nobody]}}', ['1:36 unknown_agent']],
    ['defaults: {fallback: nobody}\nsteps: {a: {value: 1}}', ['1:22 unknown_agent']],
    ['agents: {a: {model: x/y, deployment: x/y}}\nsteps: {a: {value: 1}}', ['1:26 too_many_fields']],
    ['steps: {a: {approval: hi, inputs: {x: {type: files}}}}', ['1:36 misplaced_field']],
    ['inputs: {a: {accept: .png}}\nsteps: {a: {value: 1}}', ['1:14 misplaced_field']],
    ['inputs: {a: {type: file, accept: png}}\nsteps: {a: {value: 1}}', ['1:34 wrong_type']],
    ['inputs: {a: {type: file, text: true}}\nsteps: {a: {value: 1}}', ['1:26 misplaced_field']],
    ['inputs: {a: {type: files, secret: true}}\nsteps: {a: {value: 1}}', ['1:27 misplaced_field']],
    ['inputs: {a: {type: files}}\nsteps: {a: {value: "${{ inputs.a[0].text }}"}}', ['2:37 unknown_field']],
    ['inputs: {a: {type: boolean, min: 1}}\nsteps: {a: {value: 1}}', ['1:29 misplaced_field']],
    ['inputs: {a: {min: 3, max: 2}}\nsteps: {a: {value: 1}}', ['1:14 contradiction']],
    ['inputs: {a: {pattern: "("}}\nsteps: {a: {value: 1}}', ['1:23 bad_pattern']],
    ['inputs: {a: {enum: [1]}}\nsteps: {a: {value: 1}}', ['1:21 wrong_type']],
    ['inputs: {a: {default: x, required: true}}\nsteps: {a: {value: 1}}', ['1:26 contradiction']],
    ['inputs: {a: {default: x, secret: true}}\nsteps: {a: {value: 1}}', ['1:23 secret_in_file']],
    ['steps: {a: {value: 1}}\nfinally: {a: {value: 1}}', ['2:11 duplicate_id']],
    ['steps: {a: {value: 1, needs: f}}\nfinally: {f: {value: 1}}', ['1:30 not_upstream']],
    ['steps: {a: {value: 1}}\nfinally: {f: {approval: hi}}', ['2:15 approval_in_finally']],
    ['steps: {a: {value: 1, needs: [b, b]}, b: {value: 1}}', ['1:34 duplicate_need']],
  ])('of %j are %j', async (text, problems) => {
    expect(await linesOf(text)).toEqual(problems)
  })

  it('follow types: what is certainly wrong is told before anything runs', async () => {
    const text = `
inputs: {n: {type: integer}, o: {type: object}, maybe: {required: false}}
steps:
  data: {value: {list: [1, 2], name: "x \${{ inputs.n }}"}}
  a: {value: "\${{ steps.data.output.nmae }}"}
  b: {value: "\${{ steps.data.output.list.name }}"}
  c: {value: "\${{ upper(inputs.n) }}"}
  d: {value: "\${{ inputs.maybe + 1 }} \${{ inputs.o.anything }}"}
  e: {value: "\${{ item.x }}", foreach: {in: "\${{ steps.data.output.list }}"}}
  ask: {approval: ok?, inputs: {note: {}}}
  f: {value: "\${{ steps.ask.output.inputs.nope }}"}
  g: {model: x/y, output_schema: {type: object, properties: {a: {type: string}}, additionalProperties: false}}
  h: {value: "\${{ steps.g.output.b }} \${{ steps.g.output.a - 1 }}"}
  i: {value: 1, repeat: {until: output.x == 1, max: 2}}
`
    expect(await linesOf(text)).toEqual([
      '5:37 unknown_field',
      '6:42 wrong_type',
      '7:25 wrong_type',
      '9:24 wrong_type',
      '11:43 unknown_field',
      '13:34 unknown_field',
      '13:43 wrong_type',
      '14:40 wrong_type',
    ])
  })

  it('are not multiplied: what mentions a faulty part is not at fault', async () => {
    const text = `
env: [5]
inputs: {a: 5}
agents: {w: 5}
steps:
  x: 5
  y: {agent: w, needs: x, input: {i: "\${{ inputs.a }} \${{ steps.x.output.z }}"}}
`
    expect(await linesOf(text)).toEqual(['2:7 wrong_type', '3:13 wrong_type', '4:13 wrong_type', '6:6 wrong_type'])
  })

  it('name what a JSON Schema says that would be silently ignored', async () => {
    const outcome = await loadWorkflowText(
      'name: s\nsteps:\n  a:\n    model: o/n\n    output_schema: {type: object, requird: [a]}\n',
      'schema.yaml',
    )
    expect(outcome).toMatchObject({
      ok: false,
      problems: [{ line: 5, code: 'bad_schema', message: '`steps.a.output_schema`: requird is not supported' }],
    })
  })

  it('name one short cycle for a knot of forty steps', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => `s${at}`)
    const steps = ids.map((id) => `  ${id}: {value: 1, needs: [${ids.filter((other) => other !== id).join(', ')}]}`)
    const outcome = await loadWorkflowText(`steps:\n${steps.join('\n')}\n`, 'flow.yaml')
    expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([
      'steps wait for each other: s0 → s1 → s0',
    ])
  })

  it('stay few and short for a ring of a thousand steps', async () => {
    const steps = Array.from(
      { length: 1_000 },
      (_, at) => `  s${at}: {value: "\${{ steps.s${(at + 1) % 1_000}.output }}"}`,
    )
    const outcome = await loadWorkflowText(`steps:\n${steps.join('\n')}\n`, 'flow.yaml')
    const [problem, ...more] = outcome.ok ? [] : outcome.problems
    expect(more).toEqual([])
    expect(problem?.message).toBe(
      'steps wait for each other: s0 → s1 → s2 → s3 → s4 → s5 → … (993 more) → s999 → s0 ("s0" reads "s1" in `value`)',
    )
  })

  it('reach through steps that can never run, but not past one that asks for a status', async () => {
    const text = `
steps:
  off: {value: 1, condition: false}
  a: {value: 1, needs: off}
  b: {value: 1, needs: a}
  c: {value: 1, needs: b, condition: always()}
  d: {value: 1, needs: c}
`
    expect(await linesOf(text)).toEqual(['3:30 constant_condition', '4:3 unreachable_step', '5:3 unreachable_step'])
  })

  it('know functions and agents from elsewhere', async () => {
    const text = 'agents: {f: {function: shout}}\nsteps: {a: {agent: f}, b: {agent: known}, c: {agent: other}}'
    expect(await linesOf(text, { functions: ['shuot'], agents: { known: writer, spare } })).toEqual([
      '1:24 unknown_function',
      '2:54 unknown_agent',
    ])
    expect(
      await linesOf(text.replace(', c: {agent: other}', ''), {
        functions: ['shout'],
        agents: { known: writer, spare },
      }),
    ).toEqual([])
    expect(await linesOf('steps: {a: {agent: known}}', { agents: { known: writer } })).toEqual(['1:20 unknown_agent'])
  })
})

describe('files that are no text', () => {
  it('refuses bytes that are no UTF-8, with their place', async () => {
    const bytes = Buffer.concat([Buffer.from('name: x\n# é'), Buffer.from([0xff]), Buffer.from('\nsteps: {}')])
    const outcome = await loadWorkflowText(bytes, 'flow.yaml')
    expect(outcome.ok ? [] : outcome.problems.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([
      '2:4 bad_encoding',
    ])
  })

  it('accepts a byte order mark at the start, and CRLF', async () => {
    expect((await loadWorkflowText('\uFEFFname: x\r\nsteps: {a: {value: 1}}\r\n', 'flow.yaml')).ok).toBe(true)
    expect((await loadWorkflowText(Buffer.from('\uFEFFsteps: {a: {value: 1}}'), 'flow.yaml')).ok).toBe(true)
    expect(await linesOf('name: x\n\uFEFFsteps: {a: {value: 1}}')).toContain('2:1 unknown_field')
  })

  it('refuses too much text before reading it', async () => {
    const text = `# ${'x'.repeat(1_000_000)}`
    await expect(loadWorkflowText(text, 'flow.yaml')).rejects.toMatchObject({ code: 'file_too_large' })
    await expect(loadWorkflowText('a: 12345', 'flow.yaml', { maxBytes: 5 })).rejects.toMatchObject({
      code: 'file_too_large',
    })
  })
})

describe('the loader', () => {
  const whole = `name: whole
env: [KEY]
inputs: {topic: {type: string, default: x}, list: {type: array, default: [1]}}
agents: {w: {model: a/b, defaults: {k: 1}}}
defaults: {retry: {attempts: 2}}
steps:
  one: {agent: w, input: {prompt: "a \${{ inputs.topic }}"}, output_key: first}
  two: {model: a/b, input_map: {x: first}, condition: len(output) > 1, foreach: {in: "\${{ inputs.list }}", as: n}}
  three: {approval: "go? \${{ steps.two.status }}", inputs: {why: {}}, timeout: 1h}
  four: {value: {a: ["\${{ previous }}"]}, needs: three, repeat: {until: "output.a[0] == 1", max: 3}}
finally:
  end: {value: "\${{ run.status }} \${{ env.KEY }}"}
outputs: {result: "\${{ steps.four.output }}"}
`

  it('loads the text that the next test spoils', async () => {
    expect(await linesOf(whole)).toEqual([])
  })

  it('never crashes on a spoilt file, and gives every problem a place in it', async () => {
    const piece = fc.constantFrom(
      '',
      ' ',
      '\n',
      '{',
      '}',
      '[',
      ']',
      ':',
      '"',
      '${{',
      '}}',
      'steps',
      'output',
      'null',
      '-1',
      '.',
      '(',
      ')',
      '*',
      '&',
      'toString',
      '__proto__',
      'failed("one")',
    )
    const edit = fc.record({ at: fc.nat(whole.length), length: fc.nat(12), text: piece })
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
        let text = whole
        for (const { at, length, text: inserted } of edits)
          text = text.slice(0, at) + inserted + text.slice(at + length)
        const outcome = await loadWorkflowText(text, 'flow.yaml')
        const problems = outcome.ok ? outcome.workflow.warnings : outcome.problems
        if (!outcome.ok) expect(problems.some((problem) => problem.severity === 'error')).toBe(true)
        const lines = text.split('\n')
        for (const { line, column, message } of problems) {
          expect(message).not.toBe('')
          expect(line).toBeGreaterThan(0)
          expect(column).toBeGreaterThan(0)
          expect(column).toBeLessThanOrEqual((lines[line - 1] as string).length + 1)
        }
      }),
      { numRuns: 1_500 },
    )
  })
})
