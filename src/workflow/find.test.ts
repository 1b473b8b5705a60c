import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findWorkflow, listWorkflows } from './find.ts'
import { loadWorkflow } from './load.ts'
import { compareVersions } from './loading/version.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'find-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(name: string, text: string): Promise<string> {
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

const steps = 'steps: {a: {value: 1}}\n'

describe('finding workflows', () => {
  it('goes by the name field, then by the file, in the nearest folder upwards', async () => {
    const named = await write('workflows/one.yaml', `name: research\n${steps}`)
    const stem = await write('workflows/plain.yml', steps)
    await write('workflows/research.yaml', `name: other\n${steps}`)
    await mkdir(join(folder, 'deep/er'), { recursive: true })
    expect(await findWorkflow('research', join(folder, 'deep/er'))).toBe(named)
    expect(await findWorkflow('plain', folder)).toBe(stem)
    expect(await findWorkflow('plain', join(folder, 'workflows'))).toBe(stem)
  })

  it('takes the highest version, or the one that is asked for', async () => {
    await write('workflows/a.yaml', `name: x\nversion: "1.2.0"\n${steps}`)
    const high = await write('workflows/b.yaml', `name: x\nversion: "1.10.0"\n${steps}`)
    const low = await write('workflows/c.yaml', `name: x\nversion: "1.9"\n${steps}`)
    expect(await findWorkflow('x', folder)).toBe(high)
    expect(await findWorkflow('x@1.9.0', folder)).toBe(low)
    await expect(findWorkflow('x@3', folder)).rejects.toMatchObject({
      code: 'file_not_found',
      hint: 'there is 1.2.0, 1.10.0, 1.9',
    })
  })

  it('takes paths as they are, relative to the folder it is asked from', async () => {
    const file = await write('sub/flow.yaml', steps)
    expect(await findWorkflow('./flow.yaml', join(folder, 'sub'))).toBe(file)
    expect(await findWorkflow(file, '/')).toBe(file)
  })

  it('says what was perhaps meant', async () => {
    await write('workflows/research.yaml', steps)
    await expect(findWorkflow('reserch', folder)).rejects.toMatchObject({
      code: 'file_not_found',
      hint: 'did you mean "research"?',
    })
    await expect(findWorkflow('workflows/reserch.yaml', folder)).rejects.toMatchObject({
      code: 'file_not_found',
      hint: 'did you mean workflows/research.yaml?',
    })
    await expect(findWorkflow('unlike', folder)).rejects.toMatchObject({
      hint: expect.stringContaining('holds research') as string,
    })
  })

  it('refuses to choose between two files of one name and version', async () => {
    await write('workflows/a.yaml', `name: x\n${steps}`)
    await write('workflows/b.yaml', `name: x\n${steps}`)
    await expect(findWorkflow('x', folder)).rejects.toMatchObject({ code: 'usage' })
  })

  it('lists the folder, faulty files too', async () => {
    await write('workflows/good.yaml', `name: good\nversion: "2"\ndescription: fine\n${steps}`)
    await write('workflows/bad.yaml', 'name: bad\nsteps: {a: {}}')
    await write('workflows/broken.yaml', 'a: [')
    await write('workflows/notes.txt', 'not one')
    expect(await listWorkflows(folder)).toEqual([
      { name: 'bad', file: join(folder, 'workflows/bad.yaml'), problems: 1 },
      { name: 'broken', file: join(folder, 'workflows/broken.yaml'), problems: 1 },
      { name: 'good', version: '2', description: 'fine', file: join(folder, 'workflows/good.yaml'), problems: 0 },
    ])
  })
})

describe('reading files', () => {
  it('refuses what is no readable, regular file, and never waits for a writer', async () => {
    await expect(loadWorkflow(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'file_not_found' })
    await expect(loadWorkflow(folder)).rejects.toMatchObject({ code: 'file_unreadable' })
    await expect(loadWorkflow('/dev/zero')).rejects.toMatchObject({ code: 'file_unreadable' })
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe.yaml')])
    await expect(loadWorkflow(join(folder, 'pipe.yaml'))).rejects.toMatchObject({ code: 'file_unreadable' })
  })

  it('refuses files over the limit', async () => {
    const file = await write('big.yaml', `# ${'x'.repeat(1_000_000)}`)
    await expect(loadWorkflow(file)).rejects.toMatchObject({ code: 'file_too_large' })
    await expect(loadWorkflow(file, { maxBytes: 2_000_000 })).resolves.toMatchObject({ ok: false })
  })
})

describe('versions', () => {
  it('are in the order of semver', () => {
    const ordered = [
      '0.9',
      '1.0.0-1',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1',
      '1.2',
      '1.10.0',
    ]
    expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered)
    expect(compareVersions('1.0', '1.0.0+build')).toBe(0)
  })
})
