/** Breakers over many short commands, many calls at once, and processes at the same time: how often a dead model is called. */
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { systemClock } from '../../src/std/clock.ts'
import { startCli } from '../chaos/processes.ts'
import { type CliRig, openCli } from './rig.ts'

const small = 'meta/meta-llama-3-8b-instruct'
const other = 'openai/gpt-5-nano'

let cli: CliRig
let sandbox: Sandbox
let front: Server
/** Predictions that were asked of the model. */
let hits: number
let isDown: boolean
let passed: number
const clock = { ...systemClock, now: () => Date.now() + passed }

beforeEach(async () => {
  hits = 0
  isDown = true
  passed = 0
  cli = await openCli()
  sandbox = await startSandbox({ latency: '40' })
  front = createServer((asked, answer) => {
    const isHit = asked.method === 'POST' && asked.url?.includes(small) === true
    if (isHit) hits += 1
    if (isHit && isDown) return void answer.writeHead(500).end('{}')
    const { method = 'GET', headers } = asked
    const forwarded = request(new URL(asked.url ?? '', sandbox.url), { method, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 500, given.headers)
      given.pipe(answer)
    })
    forwarded.on('error', () => answer.destroy())
    asked.pipe(forwarded)
  })
  await new Promise<void>((listening) => front.listen(0, '127.0.0.1', listening))
  await cli.write(
    'replicate-agent.yaml',
    `agents:\n  writer: {model: ${small}, breaker: true, fallback: ${other}, retry: {base_delay: 1ms}}\n`,
  )
  await cli.write(
    'many.yaml',
    `name: many
max_concurrency: 32
inputs: {n: {type: array}}
steps:
  say: {agent: writer, foreach: {in: '\${{ inputs.n }}', max_concurrency: 32}, input: {prompt: 'say \${{ item }}'}}
`,
  )
})
afterEach(async () => {
  front.closeAllConnections()
  front.close()
  await sandbox.close()
  await cli.close()
})

const env = () => ({
  REPLICATE_API_TOKEN: 'r8_anything',
  REPLICATE_BASE_URL: `http://127.0.0.1:${(front.address() as AddressInfo).port}/v1`,
})
const run = (command: string | readonly string[]) => cli.run(command, { env: env(), clock })
const many = (count: number) =>
  run(['run', 'many.yaml', '-i', `n=${JSON.stringify(Array.from({ length: count }, (_, at) => at))}`, '--json'])

test('A dead model is called 5 times in 20 commands one after the other, and its fallback answers all of them', async () => {
  for (let n = 0; n < 20; n += 1) {
    const end = await run(`agents run writer -i prompt=${n} --json`)
    expect(end.json()).toMatchObject({ status: 'succeeded', steps: { call: { model: other } } })
  }
  expect(hits).toBe(5)
})

test('Of 100 calls, 32 at a time, no more reach it than fail before it opens and are on their way then', async () => {
  expect((await many(100)).json()).toMatchObject({ status: 'succeeded' })
  expect(hits).toBeLessThanOrEqual(5 + 32)
})

test('That it is back is noticed with the first trial call, and then it gets more and more of its calls', async () => {
  await many(10)
  isDown = false
  hits = 0
  passed = 30_000
  await many(5)
  expect(hits).toBe(0)
  passed = 61_000
  expect((await run('agents run writer -i prompt=x --json')).json()).toMatchObject({
    steps: { call: { model: small } },
  })
  expect(hits).toBe(1)
  // Somewhere in the middle of the ramp, however long this takes here: of 40 calls, hardly ever none or all.
  passed += 12_000
  hits = 0
  await many(40)
  expect(hits).toBeGreaterThan(2)
  expect(hits).toBeLessThan(40)
  passed += 30_000
  hits = 0
  await many(40)
  expect(hits).toBe(40)
})

test('What is tripped here is left alone by a run of another process at once', async () => {
  isDown = false
  await cli.write(
    'slow.yaml',
    `name: slow\nsteps:\n  say: {agent: writer, foreach: {in: [${Array.from({ length: 40 }, (_, at) => at).join(', ')}], max_concurrency: 1}, input: {prompt: 'say \${{ item }}'}}\n`,
  )
  const place = { home: cli.home, cwd: cli.cwd, url: env().REPLICATE_BASE_URL }
  const { end } = startCli(['run', 'slow.yaml', '--json'], place)
  await vi.waitUntil(() => hits >= 3, { timeout: 30_000 })
  expect((await run(`breakers trip ${small}`)).code).toBe(0)
  const before = hits
  const { code, stdout, stderr } = await end
  expect(code, stderr).toBe(0)
  // One may have passed the breaker a moment before.
  expect(hits).toBeLessThanOrEqual(before + 1)
  expect(hits).toBeLessThan(40)
  const { steps } = JSON.parse(stdout) as { steps: { say: { items: { model: string }[] } } }
  expect(steps.say.items.at(-1)?.model).toBe(other)
}, 60_000)
