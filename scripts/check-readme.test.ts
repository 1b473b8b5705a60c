/** The README says what is true. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkLinks, checkReadme } from './check-readme.ts'

test(
  'every transcript, excerpt and table of the README is what the program gives today',
  { timeout: 120_000 },
  async () => {
    expect(await checkReadme()).toEqual([])
  },
)

test('every link of the README and of the index of docs leads somewhere, and the index lists every page', async () => {
  const root = join(import.meta.dirname, '..')
  expect(await checkLinks(join(root, 'README.md'))).toEqual([])
  expect(await checkLinks(join(root, 'docs/README.md'), true)).toEqual([])
})

test('a transcript, an excerpt and a table that are wrong are found', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  const file = join(folder, 'README.md')
  const wrong = [
    '<!-- output -->\n```console\n$ replicate-agent expr "1 + 2"\n4\n```\n',
    '<!-- from workflows/product_photo.yaml -->\n```yaml\nname: another\n```\n',
    '<!-- verbs -->\n| command | what it does |\n|---|---|\n| `fly` | no |\n',
  ]
  try {
    await writeFile(file, wrong.join('\n'))
    const problems = await checkReadme(file)
    expect(problems).toEqual([
      expect.stringContaining('$ replicate-agent expr "1 + 2"\n3\n'),
      'the excerpt is not in workflows/product_photo.yaml',
      expect.stringContaining('| `workflows` | run, '),
    ])
    await writeFile(join(folder, 'alone.md'), '[gone](gone.md)')
    expect(await checkLinks(join(folder, 'alone.md'), true)).toEqual([
      expect.stringMatching(/links .*gone\.md, which/),
      expect.stringMatching(/does not list .*README\.md/),
    ])
    await checkReadme(file, true)
    expect(await readFile(file, 'utf8')).toContain('\n3\n```')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
