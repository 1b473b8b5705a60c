/** Errors that nobody waits for end the process in order, too. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openCli } from './rig.ts'

const program = fileURLToPath(new URL('process.ts', import.meta.url))

test('What a plugin throws after its hook is over is one error, one object with --json, and exit code 1', async () => {
  const cli = await openCli()
  onTestFinished(() => cli.close())
  await cli.write(
    'late.mjs',
    `export default {name: 'late', hooks: {agent_pre_execute() { setImmediate(() => { throw new Error('too late') }) }}}`,
  )
  await cli.write('replicate-agent.yaml', 'plugins: [./late.mjs]\n')
  const call = ['agents', 'run', 'meta/meta-llama-3-8b-instruct', '-i', 'prompt=x', '--sandbox', '--quiet', '--json']
  const end = spawnSync(process.execPath, [program, ...call], {
    cwd: cli.cwd,
    env: { REPLICATE_AGENT_HOME: cli.home, NO_COLOR: '1' },
    encoding: 'utf8',
  })
  expect(end.status, end.stderr).toBe(1)
  expect(JSON.parse(end.stdout)).toMatchObject({
    error: { code: 'internal', message: 'the program was ended before its work was done: too late', retryable: false },
  })
  expect(end.stderr).toContain('error: the program was ended before its work was done: too late\nhelp: ')
  expect(end.stderr).not.toContain('    at ')
})
