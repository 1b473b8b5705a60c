/** Inputs of type `files`: which files a folder, a pattern or a list gives, and what a workflow sees of them. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/std/hash.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { resumeRun, startRun } from '../../src/workflow/engine.ts'
import { type ModelCall, openRig, type Rig } from './rig.ts'

const seen: Json[] = []
let rig: Rig

beforeEach(async () => {
  seen.length = 0
  rig = await openRig({
    models: {
      'o/look': ({ input }: ModelCall) => {
        seen.push(input['image'] as Json)
        return 'seen'
      },
    },
  })
})

afterEach(() => rig.close())

async function put(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(rig.home, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

/** Of one input `given`, put out as it is. */
function workflow(spec: string): string {
  return `name: album\ninputs: {given: {type: files${spec}}}\nsteps: {all: {value: "\${{ inputs.given }}"}}\noutputs: {all: "\${{ steps.all.output }}"}`
}

async function given(value: Json, spec = ''): Promise<JsonObject[]> {
  const driving = await startRun(rig.parts, await rig.load(workflow(spec)), { inputs: { given: value } })
  return (await driving.done).outputs['all'] as JsonObject[]
}

async function names(value: Json, spec = ''): Promise<Json[]> {
  return (await given(value, spec)).map(({ name }) => name as Json)
}

describe('a folder', () => {
  it('gives its files in the order of their names, numbers by value', async () => {
    await put({ 'a/10.png': 'x', 'a/9.png': 'y', 'a/b.png': 'z', 'a/A.png': 'w' })
    expect(await names('a')).toEqual(['9.png', '10.png', 'A.png', 'b.png'])
    expect(await names('a/')).toEqual(['9.png', '10.png', 'A.png', 'b.png'])
    expect(await names(join(rig.home, 'a'))).toHaveLength(4)
  })

  it('gives what a step needs to know of each file, by the hash of what it holds', async () => {
    await put({ 'a/one.txt': 'hello' })
    expect(await given('a')).toEqual([
      {
        name: 'one.txt',
        file: expect.stringMatching(/[0-9a-f]{64}\.txt$/),
        sha256: sha256('hello'),
        bytes: 5,
        media_type: 'text/plain',
      },
    ])
  })

  it('leaves out hidden files, folders, and names that end otherwise', async () => {
    await put({ 'a/.hidden.png': 'x', 'a/one.PNG': 'x', 'a/two.jpg': 'x', 'a/notes.md': 'x', 'a/deep/three.png': 'x' })
    expect(await names('a', ', accept: [.png, .jpg]')).toEqual(['one.PNG', 'two.jpg'])
    expect(await names('a', ', accept: .md')).toEqual(['notes.md'])
  })

  it('follows links to files, and says which link leads nowhere', async () => {
    await put({ 'elsewhere/real.png': 'x', 'a/b.png': 'y' })
    await symlink(join(rig.home, 'elsewhere/real.png'), join(rig.home, 'a/a.png'))
    await symlink(join(rig.home, 'elsewhere'), join(rig.home, 'a/folder'))
    expect(await names('a')).toEqual(['a.png', 'b.png'])
    await symlink(join(rig.home, 'nothing'), join(rig.home, 'a/c.png'))
    await expect(given('a')).rejects.toThrow(/input "given": the link .*a\/c\.png leads nowhere/)
  })

  it('that holds nothing of use is an error, unless none is allowed', async () => {
    await put({ 'a/notes.md': 'x' })
    await expect(given('a', ', accept: .png')).rejects.toThrow('input "given": there are no .png files in a')
    expect(await given('a', ', accept: .png, min: 0')).toEqual([])
    expect(await given([])).toEqual([])
  })

  it('with more or fewer files than the input takes is an error, before any is copied', async () => {
    await put({ 'a/1': '1', 'a/2': '2', 'a/3': '3' })
    await expect(given('a', ', max: 2')).rejects.toThrow('input "given" takes at most 2 files, but there are 3')
    await expect(given('a', ', min: 4')).rejects.toThrow('input "given" takes at least 4 files, but there are 3')
    expect(await rig.parts.artifacts.has(sha256('1'))).toBe(false)
  })

  it('that is as large as a home is refused', async () => {
    const many = Array.from({ length: 10_001 }, (_, at) => [`a/${at}`, ''])
    await put(Object.fromEntries(many) as Record<string, string>)
    await expect(given('a')).rejects.toThrow(/a holds more than 10000 files/)
  })
})

describe('patterns and lists', () => {
  it('take the files of a folder that fit', async () => {
    await put({ 'a/x1.png': '', 'a/x2.png': '', 'a/x10.png': '', 'a/y1.png': '', 'a/x.(1).png': '' })
    expect(await names('a/x?.png')).toEqual(['x1.png', 'x2.png'])
    expect(await names('a/x*.png')).toEqual(['x.(1).png', 'x1.png', 'x2.png', 'x10.png'])
    expect(await names('a/*.(1).png')).toEqual(['x.(1).png'])
    await expect(given('a/z*')).rejects.toThrow('there are no files in a/z*')
    await expect(given('b/*.png')).rejects.toThrow(/there is no folder .*b/)
  })

  it('a file whose name looks like a pattern is that file', async () => {
    await put({ 'a/x*.png': '', 'a/x1.png': '' })
    expect(await names('a/x*.png')).toEqual(['x*.png'].map((name) => name.replace('*', '_')))
  })

  it('may be mixed, each file counting once, in the order given', async () => {
    await put({ 'a/1.png': '', 'a/2.png': '', 'b.png': '' })
    expect(await names(['b.png', 'a', 'a/1.png'])).toEqual(['b.png', '1.png', '2.png'])
    expect(await names('data:text/plain,hello')).toEqual(['given'])
  })

  it.each<[Json, string]>([
    ['nothing.png', 'there is no file'],
    [['a', 5], 'must be a folder, a path or a list of paths, but is a list'],
    [{ a: 1 }, 'must be a folder, a path or a list of paths, but is an object'],
    ['', 'must be a folder, a path or a list of paths, but is the string ""'],
    ['notes.md', 'input "given": notes.md is not a .png file'],
    ['notes.md*', 'there are no .png files in notes.md*'],
  ])('%j is an error that says what is wrong', async (value, message) => {
    await put({ 'notes.md': 'x' })
    await expect(given(value, ', accept: .png')).rejects.toThrow(message)
  })
})

describe('texts', () => {
  it('are read as UTF-8', async () => {
    await put({ 'a/1.txt': '\uFEFFgrüße\n', 'a/2.txt': '' })
    const files = await given('a', ', text: true')
    expect(files.map(({ text }) => text)).toEqual(['grüße\n', ''])
  })

  it('that are none, or too long, are errors', async () => {
    await put({ 'a/1.txt': new Uint8Array([0xff, 0xfe, 0x41]), 'b/1.txt': 'x'.repeat(4_500_000) })
    await expect(given('a', ', text: true')).rejects.toThrow('input "given": 1.txt is not UTF-8 text')
    await expect(given('b', ', text: true')).rejects.toThrow('at most 4 MB in all, but has 4.5 MB')
  })
})

describe('in a workflow', () => {
  const album = `
name: album
inputs: {given: {type: files, accept: .png, default: pictures}}
steps:
  look:
    foreach: {in: "\${{ inputs.given }}", as: picture}
    model: o/look
    input: {image: "\${{ picture.file }}"}
`

  it('each file is handed to a model, from a default beside the workflow file', async () => {
    await put({ 'pictures/a.png': 'a', 'pictures/b.png': 'b' })
    const driving = await startRun(rig.parts, await rig.load(album), { inputs: {} })
    expect(await driving.done).toMatchObject({ status: 'succeeded' })
    expect(seen).toEqual([`artifact:${sha256('a')}/a.png`, `artifact:${sha256('b')}/b.png`])
  })

  it('a resumed run sees what it was started with, whatever became of the folder', async () => {
    const asking = album
      .replace('steps:', 'steps:\n  ask: {approval: Go on?}')
      .replace('model:', 'needs: ask\n    model:')
    await put({ 'pictures/a.png': 'a' })
    const waiting = await startRun(rig.parts, await rig.load(asking), { inputs: {} })
    await waiting.done
    await put({ 'pictures/a.png': 'changed', 'pictures/b.png': 'b' })
    await rig.store.sendCommand(waiting.run_id, { type: 'answer', step: 'ask', approved: true, inputs: {}, by: 'me' })
    await (
      await resumeRun(rig.parts, waiting.run_id)
    ).done
    expect(seen).toEqual([`artifact:${sha256('a')}/a.png`])
  })

  it('are handed on to a nested workflow as they are', async () => {
    await put({ 'a/1.png': 'one', 'inner.yaml': album })
    const outer = `
name: outer
inputs: {given: {type: files}}
steps:
  inner: {workflow: ./inner.yaml, input: {given: "\${{ inputs.given }}"}}
`
    const driving = await startRun(rig.parts, await rig.load(outer), { inputs: { given: 'a' } })
    expect(await driving.done).toMatchObject({ status: 'succeeded' })
    expect(seen).toEqual([`artifact:${sha256('one')}/1.png`])
    const named = outer.replace('files}}', 'string}}')
    const again = await startRun(rig.parts, await rig.load(named), { inputs: { given: 'a' } })
    expect(await again.done).toMatchObject({ status: 'succeeded' })
    expect(seen).toHaveLength(2)
  })
})
