/**
 * Drives the sandbox with the official client, and compares status and schema of every answer that the client gets with the
 * shared description of Replicate's API. Exits 1 on any difference, and when the client throws.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import Replicate from 'replicate'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { type Document, undocumented } from './documented-answer.ts'

const picture = 'black-forest-labs/flux-schnell'
const writer = 'meta/meta-llama-3-8b-instruct'
const zip = 'data:application/zip;base64,UEsFBg=='

const shared = resolve(import.meta.dirname, '..', process.env['REPLICATE_AGENT_SHARED'] ?? '../shared')
const file = join(shared, 'replicate', 'openapi.json')
if (existsSync(file)) process.exitCode = await check(JSON.parse(readFileSync(file, 'utf8')) as Document)
else process.stdout.write(`No ${file}: nothing to compare with what the client gets.\n`)

async function check(document: Document): Promise<number> {
  const sandbox = await startSandbox({ latency: '20' })
  const problems: string[] = []
  const asked = new Set<string>()
  let answers = 0
  const compared = async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init)
    const url = new URL(input instanceof Request ? input.url : input)
    const operation = operationOf(document, init?.method ?? 'GET', url.pathname.replace(/^\/v1/, ''))
    if (!url.href.startsWith(sandbox.url) || operation === undefined) return response
    answers += 1
    asked.add(operation.name)
    const differences = await undocumented(response.clone(), operation.described, document, { example: false })
    problems.push(...differences.map((problem) => `${operation.name}: ${problem}`))
    return response
  }
  try {
    await drive(new Replicate({ auth: 'r8_any', baseUrl: sandbox.url, fetch: compared }))
  } finally {
    await sandbox.close()
  }
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.stdout.write(`operations ${asked.size}, answers ${answers}, problems ${problems.length}\n`)
  return problems.length > 0 ? 1 : 0
}

/** The described operation that a request is one of; fixed paths come before those with names in them. */
function operationOf(document: Document, method: string, path: string) {
  const paths = Object.keys(document.paths).toSorted((a, b) => a.split('{').length - b.split('{').length)
  for (const documented of paths) {
    const described = document.paths[documented]?.[method.toLowerCase()]
    const pattern = new RegExp(`^${documented.replaceAll(/\{[^}]*\}/g, '[^/]+')}$`)
    if (described && pattern.test(path)) return { name: `${method.toLowerCase()} ${documented}`, described }
  }
  return undefined
}

/** What the client can do, in an order in which each call finds what it names. */
async function drive(replicate: Replicate): Promise<void> {
  await replicate.run(picture, { input: { prompt: 'a cup' } })
  for await (const event of replicate.stream(writer, { input: { prompt: 'Hello!' } })) if (event.event === 'done') break

  const prediction = await replicate.predictions.create({ model: picture, input: { prompt: 'a cup' } })
  await replicate.wait(prediction, { interval: 20 })
  await replicate.predictions.get(prediction.id)
  await replicate.predictions.cancel(prediction.id)
  await replicate.predictions.list()

  const { results: versions } = (await replicate.models.versions.list('stability-ai', 'sdxl')) as unknown as {
    results: { id: string }[]
  }
  const version = versions[0]?.id ?? ''
  await replicate.models.versions.get('stability-ai', 'sdxl', version)
  await replicate.models.get('stability-ai', 'sdxl')
  await replicate.models.list()
  await replicate.models.search('upscale')
  await replicate.models.create('sandbox', 'own', { visibility: 'private', hardware: 'gpu-t4' })

  const training = await replicate.trainings.create('stability-ai', 'sdxl', version, {
    destination: 'sandbox/own',
    input: { input_images: zip },
  })
  await replicate.trainings.get(training.id)
  await replicate.trainings.cancel(training.id)
  await replicate.trainings.list()

  const release = { hardware: 'gpu-t4', min_instances: 0, max_instances: 1 }
  await replicate.deployments.create({ name: 'client', model: 'stability-ai/sdxl', version, ...release })
  await replicate.deployments.get('sandbox', 'client')
  await replicate.deployments.update('sandbox', 'client', { max_instances: 2 })
  await replicate.deployments.predictions.create('sandbox', 'client', { input: { prompt: 'a cup' } })
  await replicate.deployments.list()
  await replicate.deployments.predictions.create('sandbox', 'pictures', { input: { prompt: 'a cup' } })

  const upload = await replicate.files.create(new Blob(['hello'], { type: 'text/plain' }))
  await replicate.files.get(upload.id)
  await replicate.files.list()
  await replicate.files.delete(upload.id)

  await replicate.accounts.current()
  await replicate.hardware.list()
  await replicate.collections.list()
  await replicate.collections.get('super-resolution')
  await replicate.webhooks.default.secret.get()
}
