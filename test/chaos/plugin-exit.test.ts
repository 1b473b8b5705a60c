/** A plugin that ends the process: it is no success, the user is told, and the run can be resumed. */
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'
import { createsOf, runCliProcess } from './processes.ts'

test.each([
  ['process.exit(0)', 1],
  ['process.exit(7)', 7],
  ["return new Promise(() => setImmediate(() => { throw new Error('boom') }))", 1],
])(
  'A plugin that does `%s` ends the program with code %i, and a resume pays for nothing again',
  async (deed, code) => {
    await using folder = await temporaryFolder()
    const logFile = folder.file('log.jsonl')
    const sandbox = await startSandbox({ latency: '0', logFile })
    try {
      const place = { home: folder.file('home'), cwd: folder.path, url: sandbox.url }
      const hooks = (body: string) =>
        writeFile(
          folder.file('bad.mjs'),
          `export default { name: 'bad', hooks: { agent_post_execute() { ${body} } } }\n`,
        )
      await writeFile(folder.file('replicate-agent.yaml'), 'plugins: [bad.mjs]\n')
      const step = 'a: {model: meta/meta-llama-3-8b-instruct, input: {prompt: hi}}'
      await writeFile(folder.file('w.yaml'), `name: w\nsteps: {${step}}\n`)
      await hooks(deed)
      const ended = await runCliProcess(['run', 'w.yaml'], place)
      expect(ended.code).toBe(code)
      expect(ended.stderr).toContain('error: the program was ended before its work was done')
      expect(ended.stderr).toContain('`runs resume last`')
      await hooks('')
      const resumed = await runCliProcess(['runs', 'resume', 'last', '--json'], place)
      expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'succeeded' })
      expect(resumed.stderr).not.toContain('was ended before')
      expect(await createsOf(logFile)).toHaveLength(1)
    } finally {
      await sandbox.close()
    }
  },
  60_000,
)

test('A process that ends between an answer and what follows from it leaves the answer, and nobody is asked again', async () => {
  await using folder = await temporaryFolder()
  const place = { home: folder.file('home'), cwd: folder.path, url: 'http://127.0.0.1:9' }
  const hooks = (body: string) =>
    writeFile(
      folder.file('bad.mjs'),
      `export default { name: 'bad', hooks: { step_post(context, result) { ${body} } } }\n`,
    )
  await writeFile(folder.file('replicate-agent.yaml'), 'plugins: [bad.mjs]\n')
  await writeFile(
    folder.file('w.yaml'),
    `name: w\nsteps: {a: {approval: 'Sure?'}, b: {value: '\${{ steps.a.output.by }}'}}\noutputs: {b: '\${{ steps.b.output }}'}\n`,
  )
  await hooks('process.exit(0)')
  expect((await runCliProcess(['run', 'w.yaml'], place)).code).toBe(4)
  expect((await runCliProcess(['runs', 'approve', 'last', '--by', 'ann'], place)).code).toBe(1)
  await hooks('')
  const resumed = await runCliProcess(['runs', 'resume', 'last', '--json'], place)
  expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'succeeded', outputs: { b: 'ann' } })
}, 60_000)
