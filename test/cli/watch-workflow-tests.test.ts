/** `workflows test --watch`: tests run again when a file changes that they depend on, and no others. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CliEnd, type CliRig, openCli } from './rig.ts'

let cli: CliRig
beforeEach(async () => {
  cli = await openCli()
  await cli.write('workflows/inner.yaml', 'steps: {say: {value: one}}\noutputs: {said: "${{ steps.say.output }}"}\n')
  await cli.write(
    'workflows/outer.yaml',
    'inputs: {note: {type: file}}\nsteps: {below: {workflow: inner.yaml}}\noutputs: {said: "${{ steps.below.output.said }}", note: "${{ inputs.note }}"}\n',
  )
  await cli.write('workflows/note.txt', 'first')
  await cli.write('workflows/inner.test.yaml', 'tests: [{name: inner, expect: {outputs: {said: one}}}]')
  await cli.write(
    'workflows/outer.test.yaml',
    'tests: [{name: outer, inputs: {note: note.txt}, expect: {outputs: {said: one}}}]',
  )
})
afterEach(() => cli.close())

const waiting = 'Ctrl-C ends it'

/** Makes the changes one after the other, each once the tests have run after the one before. */
async function watched(...changes: [file: string, text: string][]): Promise<CliEnd> {
  let done = 0
  const end = await cli.run('workflows test --watch', {
    watch(all, send) {
      const parts = all.split(/.*Ctrl-C ends it\n/)
      if (parts.length - 1 <= done) return
      done = parts.length - 1
      const change = changes[done - 1]
      if (change) void writeFile(join(cli.cwd, 'workflows', change[0]), change[1])
      else send('SIGINT')
    },
  })
  expect(end.stderr.split(waiting)).toHaveLength(changes.length + 2)
  return end
}

/** What was printed to stdout: the names of the cases, with their marks. */
const cases = ({ stdout }: CliEnd) => [...stdout.matchAll(/[✓✗] \w+/g)].map(([line]) => line)

test('a change of a workflow runs the tests of all that nest it again, until Ctrl-C', async () => {
  const end = await watched(['inner.yaml', 'steps: {say: {value: two}}\noutputs: {said: "${{ steps.say.output }}"}\n'])
  expect(cases(end)).toEqual(['✓ inner', '✓ outer', '✗ inner', '✗ outer'])
  expect(end.stderr).toContain('inner.yaml changed')
  expect(end.code).toBe(130)
})

test('a change of a test file, or of an input, runs those tests alone', async () => {
  const end = await watched(
    ['inner.test.yaml', 'tests: [{name: inner, expect: {outputs: {said: two}}}]'],
    ['note.txt', 'second'],
  )
  expect(cases(end)).toEqual(['✓ inner', '✓ outer', '✗ inner', '✓ outer'])
})

test('a new test file is taken up, and one that is wrong is told and may be repaired', async () => {
  const end = await watched(
    ['more.test.yaml', 'workflow: inner\ntests: [{nme: more}]'],
    ['more.test.yaml', 'workflow: inner\ntests: [{name: more}]'],
  )
  expect(end.stderr).toContain('there is no field `nme` in tests[0]')
  expect(cases(end)).toEqual(['✓ inner', '✓ outer', '✓ more'])
})

test('waits for a first test where there is none', async () => {
  await cli.close()
  cli = await openCli()
  await cli.write('workflows/flow.yaml', 'steps: {say: {value: one}}\n')
  const end = await watched(['flow.test.yaml', 'tests: [{name: first}]'])
  expect(cases(end)).toEqual(['✓ first'])
})
