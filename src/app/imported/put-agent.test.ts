import { describe, expect, test } from 'vitest'
import { putAgent } from './put-agent.ts'

const agent = { name: 'painter', spec: { model: 'acme/painter', input_schema: { type: 'object' } }, comment: 'new' }
const put = async (text: string) => (await putAgent(text, agent, 'replicate-agent.yaml')).text
const added = '  # new\n  painter:\n    model: acme/painter\n    input_schema: {type: object}\n'

describe('putting an agent into a configuration', () => {
  test.each([
    ['an empty file', '', `agents:\n${added}`],
    ['a file of comments', '# mine\n', `# mine\n\nagents:\n${added}`],
    ['a file without agents', 'store:\n  url: x   # why\n', `store:\n  url: x   # why\n\nagents:\n${added}`],
    ['a file without an end of line', 'store: {url: x}', `store: {url: x}\n\nagents:\n${added}`],
    ['agents that are still to come', 'agents:\nstore: {a: 1}\n', `agents:\n${added}store: {a: 1}\n`],
    [
      'agents that are still to come, with a comment',
      'agents: # soon\n\nstore: {a: 1}\n',
      `agents: # soon\n${added}\nstore: {a: 1}\n`,
    ],
    ['an empty mapping', 'agents: {}  # none\nstore: {a: 1}\n', `agents:   # none\n${added}store: {a: 1}\n`],
    [
      'other agents, comments and sections',
      'agents:\n  a: {model: "b/c"}   # one\n  # of a\n\n# about the store\nstore: { a: 1 }\n',
      `agents:\n  a: {model: "b/c"}   # one\n  # of a\n${added}\n# about the store\nstore: { a: 1 }\n`,
    ],
    ['agents at the end of the file', 'agents:\n  a:\n    model: b/c', `agents:\n  a:\n    model: b/c\n${added}`],
    [
      'agents that are set in further',
      'agents:\n    a:\n        model: b/c\nx: 1\n',
      `agents:\n    a:\n        model: b/c\n${added.replaceAll(/^/gm, '  ').trimEnd()}\nx: 1\n`,
    ],
    ['block text with empty lines at its end', 'agents:\n  a:\n    description: |+\n      x\n\n\n', undefined],
    [
      'lines of Windows',
      'agents:\r\n  a: {model: b/c}\r\n',
      `agents:\r\n  a: {model: b/c}\r\n${added.replaceAll('\n', '\r\n')}`,
    ],
    ['agents in one line', 'agents: {a: {model: b/c}} # all\n', undefined],
    ['a document with marks around it', '---\nagents:\n  a: {model: b/c}\n...\n', undefined],
  ])('leaves %s as it is', async (_what, text, wanted) => {
    const written = await put(text)
    if (wanted !== undefined) expect(written).toBe(wanted)
    for (const comment of text.match(/#.*/g) ?? []) expect(written).toContain(comment)
  })

  test('replaces one, and nothing of those around it', async () => {
    const text =
      'agents:\n  # first\n  a: {model: b/c}\n  # old\n  painter:\n    model: x/y # gone\n    retry: {attempts: 2}\n\n  # last\n  z: {model: b/d}\n'
    const { text: written, before } = await putAgent(text, agent, 'f')
    expect(before).toEqual({ model: 'x/y', retry: { attempts: 2 } })
    expect(written).toBe(`agents:\n  # first\n  a: {model: b/c}\n  # old\n${added}\n  # last\n  z: {model: b/d}\n`)
  })

  test.each([
    ['an anchor that others use', 'agents:\n  painter: &p {model: x/y}\n  other: *p\n'],
    ['an alias', 'x: &all {a: {model: b/c}}\nagents: *all\n'],
  ])('refuses %s rather than change what it stands for', async (_what, text) => {
    await expect(put(text)).rejects.toThrow('no place for an agent')
  })

  test('refuses what is no configuration', async () => {
    await expect(put('- a\n')).rejects.toThrow('not a mapping')
    await expect(put('a: [\n')).rejects.toThrow('f')
  })
})
