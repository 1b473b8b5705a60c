/** `plugins new`: what it writes can be used as it stands; that its own test passes is tested with the packed package. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
})
afterEach(() => cli.close())

const files = ['README.md', 'index.js', 'index.test.js', 'package.json']

test('It writes a package that `plugins check` takes and that guards calls once it is configured', async () => {
  const made = await cli.run('plugins new short_inputs')
  expect([made.code, made.stderr]).toEqual([0, ''])
  expect(made.stdout).toContain('replicate-agent plugins check ./short_inputs')
  expect((await readdir(join(cli.cwd, 'short_inputs'))).toSorted()).toEqual(files)
  const checked = await cli.run('plugins check ./short_inputs --option max_chars=200 --json')
  expect(checked.json()).toMatchObject({ ok: true, findings: [], plugins: [{ name: 'short_inputs' }] })

  await cli.write('replicate-agent.yaml', 'plugins: [{path: short_inputs, options: {max_chars: 40}}]\n')
  const call = (prompt: string) =>
    cli.run(['agents', 'run', 'meta/meta-llama-3-8b-instruct', '--sandbox', '--json', '-i', `prompt=${prompt}`])
  expect((await call('hello')).code).toBe(0)
  const long = await call('hello '.repeat(10))
  expect(long.code).toBe(1)
  expect(long.stdout).toContain('plugin \\"short_inputs\\" refused the call: the input has 73 characters, and 40')
})

test('In node_modules it is listed as available, and used by its name', async () => {
  await cli.run('plugins new short_inputs --dir node_modules/short_inputs')
  await cli.write('replicate-agent.yaml', 'plugins: [short_inputs]\n')
  const listed = (await cli.run('plugins list --available --json')).json() as unknown as { available: object[] }
  expect(listed.available).toContainEqual(
    expect.objectContaining({ name: 'short_inputs', from: 'package', version: '0.1.0', configured: true }),
  )
})

test('With --json it says what it wrote, into the folder of --dir', async () => {
  const { stdout } = await cli.run('plugins new short-inputs --dir plugins/short --json')
  const folder = join(cli.cwd, 'plugins/short')
  const made = JSON.parse(stdout) as { files: string[] }
  expect({ ...made, files: made.files.toSorted() }).toEqual({
    ...{ name: 'short-inputs', folder },
    files: files.map((file) => join(folder, file)),
  })
})

test('Nothing is overwritten, and then nothing else is written either', async () => {
  await cli.write('guard/README.md', 'mine')
  const { code, stdout } = await cli.run('plugins new guard --json')
  expect([code, stdout]).toEqual([2, expect.stringContaining('README.md exists already, and nothing is overwritten')])
  expect(await readdir(join(cli.cwd, 'guard'))).toEqual(['README.md'])
  expect(await readFile(join(cli.cwd, 'guard/README.md'), 'utf8')).toBe('mine')
})

test.each([
  ['Guard', 'is not a name'],
  ['../guard', 'is not a name'],
  ['-x', 'unknown option'],
  ['pii_mask', 'is the name of a built-in plugin'],
])('%s is refused as a name', async (name, why) => {
  const { code, stderr } = await cli.run(['plugins', 'new', name])
  expect([code, stderr]).toEqual([2, expect.stringContaining(why)])
})

test('A folder that can not be made is told of', async () => {
  await cli.write('file', '')
  const { code, stderr } = await cli.run('plugins new guard --dir file/guard')
  expect([code, stderr]).toEqual([3, expect.stringContaining("package.json can't be written")])
})
