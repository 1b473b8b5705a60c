/** Versions as the sandbox publishes them: by trainings of a model of the account. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

const model = 'sandbox/mugs'
const data = `data:text/plain;base64,${Buffer.from('mugs').toString('base64')}`

let sandbox: Sandbox
let cli: CliRig
beforeEach(async () => {
  sandbox = await startSandbox({ latency: '0' })
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
  await ask('POST', '/models', { owner: 'sandbox', name: 'mugs', visibility: 'private', hardware: 'cpu' })
})
afterEach(async () => {
  await cli.close()
  await sandbox.close()
})

async function ask(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const response = await fetch(`${sandbox.url}${path}`, {
    method,
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  return (await response.json()) as JsonObject
}

/** Trains another version of the model; gives its id. */
async function train(base: string, input: JsonObject): Promise<string> {
  const { latest_version: latest } = await ask('GET', `/models/${base}`)
  const path = `/models/${base}/versions/${String((latest as JsonObject)['id'])}/trainings`
  let training = await ask('POST', path, { destination: model, input })
  while (training['status'] !== 'succeeded') training = await ask('GET', `/trainings/${String(training['id'])}`)
  const { version } = training['output'] as { version: string }
  return version.split(':')[1] as string
}

test('a model that is trained anew moves as far as its pin allows', async () => {
  const pictures = { input_images: data }
  await cli.write(
    'replicate-agent.yaml',
    `agents:
  moving: {model: ${model}, version_pin: minor}
`,
  )
  const answeredBy = async () => {
    const run = await cli.run('agents run moving -i prompt=tea --json')
    expect(run.code, run.stderr).toBe(0)
    const { steps } = run.json() as { steps: { call: { model: string } } }
    return { version: steps.call.model.split(':')[1], stderr: run.stderr }
  }

  const first = await train('stability-ai/sdxl', { ...pictures, seed: 1 })
  expect((await answeredBy()).version).toBe(first)
  const second = await train('stability-ai/sdxl', { ...pictures, seed: 2 })
  expect((await answeredBy()).version).toBe(second)
  const third = await train('meta/musicgen', { dataset_path: data })
  const stayed = await answeredBy()
  expect(stayed.version).toBe(second)
  expect(stayed.stderr).toContain(`${third.slice(0, 8)}, that is not compatible with ${second.slice(0, 8)}`)

  const outdated = await cli.run('agents outdated --exit-code')
  expect(outdated.code).toBe(1)
  expect(outdated.stdout).toContain('breaking: ')
  expect((await cli.run('agents upgrade moving --breaking')).code).toBe(0)
  expect(await readFile(join(cli.cwd, 'replicate-agent.lock'), 'utf8')).toContain(third)
})
