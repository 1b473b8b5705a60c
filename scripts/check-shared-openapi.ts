/**
 * Asks the sandbox every operation that the shared description of Replicate's API has, and compares the answers with
 * what is documented: status, schema, and the fields of the example answers. Then asks each of them wrongly (without a
 * token, for what is not there, with a broken body), and wants problem details. Exits 1 on any difference.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { type Document, mismatches, type Schema, undocumented } from './documented-answer.ts'

interface Call {
  /** As in the description. */
  operation: string
  path: string
  body?: string | FormData
  headers?: Record<string, string>
}

const shared = resolve(import.meta.dirname, '..', process.env['REPLICATE_AGENT_SHARED'] ?? '../shared')
const file = join(shared, 'replicate', 'openapi.json')
if (existsSync(file)) process.exitCode = await check(JSON.parse(readFileSync(file, 'utf8')) as Document)
else process.stdout.write(`No ${file}: nothing to check the sandbox against.\n`)

async function check(document: Document): Promise<number> {
  const sandbox = await startSandbox({ latency: '0' })
  const problems: string[] = []
  const asked = new Set<string>()
  let wrong = 0
  try {
    const calls = await callsFor(sandbox.url)
    for (const call of calls) {
      asked.add(call.operation)
      problems.push(...(await ask(sandbox.url, call, document)).map((problem) => `${call.operation}: ${problem}`))
    }
    for (const call of calls.flatMap(wrongCalls)) {
      wrong += 1
      problems.push(
        ...(await askWrongly(sandbox.url, call, document)).map((problem) => `${call.operation}: ${problem}`),
      )
    }
  } finally {
    await sandbox.close()
  }
  const known = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  for (const operation of known) {
    if (!asked.has(operation)) problems.push(`${operation}: is not asked`)
  }
  for (const operation of asked) {
    if (!known.includes(operation)) problems.push(`${operation}: is not in the description`)
  }
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.stdout.write(
    `operations ${known.length}, asked ${asked.size}, wrong requests ${wrong}, problems ${problems.length}\n`,
  )
  return problems.length > 0 ? 1 : 0
}

/** In an order in which each finds what it names. */
async function callsFor(url: string): Promise<Call[]> {
  const json = { 'content-type': 'application/json' }
  const authorization = { authorization: 'Bearer r8_any' }
  const send = async (
    path: string,
    body: string | FormData,
    headers: Record<string, string>,
  ): Promise<{ id: string }> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body, headers: { ...authorization, ...headers } })
    return (await response.json()) as { id: string }
  }
  const form = new FormData()
  form.append('content', new Blob(['hello'], { type: 'text/plain' }), 'hello.txt')
  const model = '/models/stability-ai/sdxl'
  const versions = (await (await fetch(`${url}${model}/versions`, { headers: authorization })).json()) as {
    results: { id: string }[]
  }
  const version = versions.results[0]?.id ?? ''
  const input = JSON.stringify({ input: { prompt: 'a cup' } })
  const prediction = await send('/models/black-forest-labs/flux-schnell/predictions', input, {
    ...json,
    prefer: 'wait',
  })
  const upload = await send('/files', form, {})
  const owned = '{model_owner}/{model_name}'
  const deployed = '{deployment_owner}/{deployment_name}'
  const trained = { owner: 'sandbox', name: 'trained', visibility: 'private', hardware: 'gpu-t4' }
  await send('/models', JSON.stringify(trained), json)
  const order = JSON.stringify({
    destination: 'sandbox/trained',
    input: { input_images: 'data:application/zip;base64,UEsFBg==' },
  })
  const training = await send(`${model}/versions/${version}/trainings`, order, json)
  const made = await ended(`${url}/trainings/${training.id}`, authorization)
  const release = { version, hardware: 'gpu-t4', min_instances: 0, max_instances: 3 }
  return [
    { operation: 'get /account', path: '/account' },
    { operation: 'get /hardware', path: '/hardware' },
    { operation: 'get /models', path: '/models?sort_by=model_created_at&sort_direction=asc' },
    { operation: `get /models/${owned}`, path: model },
    { operation: `get /models/${owned}/versions`, path: `${model}/versions` },
    { operation: `get /models/${owned}/versions/{version_id}`, path: `${model}/versions/${version}` },
    {
      operation: `post /models/${owned}/predictions`,
      path: '/models/black-forest-labs/flux-schnell/predictions',
      body: input,
      headers: { ...json, prefer: 'wait=5', 'cancel-after': '1m30s' },
    },
    {
      operation: 'post /predictions',
      path: '/predictions',
      body: JSON.stringify({ version, input: {} }),
      headers: json,
    },
    { operation: 'get /predictions', path: '/predictions' },
    { operation: 'get /predictions/{prediction_id}', path: `/predictions/${prediction.id}` },
    { operation: 'post /predictions/{prediction_id}/cancel', path: `/predictions/${prediction.id}/cancel` },
    {
      operation: 'post /models',
      path: '/models',
      body: JSON.stringify({ ...trained, name: 'checked', description: 'Checked' }),
      headers: json,
    },
    { operation: 'query /models', path: '/models', body: 'upscale', headers: { 'content-type': 'text/plain' } },
    {
      operation: `patch /models/${owned}`,
      path: '/models/sandbox/checked',
      body: JSON.stringify({ description: 'Changed', readme: '# Checked' }),
      headers: json,
    },
    { operation: `get /models/${owned}/readme`, path: '/models/sandbox/checked/readme' },
    { operation: `delete /models/${owned}`, path: '/models/sandbox/checked' },
    { operation: `get /models/${owned}/examples`, path: `${model}/examples` },
    { operation: 'get /trainings', path: '/trainings' },
    { operation: 'get /trainings/{training_id}', path: `/trainings/${training.id}` },
    { operation: 'post /trainings/{training_id}/cancel', path: `/trainings/${training.id}/cancel` },
    {
      operation: `delete /models/${owned}/versions/{version_id}`,
      path: `/models/sandbox/trained/versions/${made}`,
    },
    {
      operation: `post /models/${owned}/versions/{version_id}/trainings`,
      path: `${model}/versions/${version}/trainings`,
      body: order,
      headers: json,
    },
    { operation: 'get /collections', path: '/collections' },
    { operation: 'get /collections/{collection_slug}', path: '/collections/super-resolution' },
    { operation: 'get /search', path: '/search?query=speech&limit=2' },
    { operation: 'get /webhooks/default/secret', path: '/webhooks/default/secret' },
    { operation: 'get /deployments', path: '/deployments' },
    {
      operation: 'post /deployments',
      path: '/deployments',
      body: JSON.stringify({ ...release, name: 'checked', model: 'stability-ai/sdxl' }),
      headers: json,
    },
    {
      operation: `patch /deployments/${deployed}`,
      path: '/deployments/sandbox/checked',
      body: JSON.stringify({ max_instances: 5 }),
      headers: json,
    },
    { operation: `delete /deployments/${deployed}`, path: '/deployments/sandbox/checked' },
    { operation: `get /deployments/${deployed}`, path: '/deployments/sandbox/pictures' },
    {
      operation: `post /deployments/${deployed}/predictions`,
      path: '/deployments/sandbox/pictures/predictions',
      body: input,
      headers: json,
    },
    { operation: 'post /files', path: '/files', body: form },
    { operation: 'get /files', path: '/files' },
    { operation: 'get /files/{file_id}', path: `/files/${upload.id}` },
    { operation: 'get /files/{file_id}/download', path: `/files/${upload.id}/download` },
    { operation: 'delete /files/{file_id}', path: `/files/${upload.id}` },
  ]
}

async function ask(url: string, { operation, path, body, headers }: Call, document: Document): Promise<string[]> {
  const [method = '', documented = ''] = operation.split(' ')
  const described = document.paths[documented]?.[method]
  if (!described) return []
  const response = await fetch(`${url}${path}`, {
    method: method.toUpperCase(),
    headers: { authorization: 'Bearer r8_any', ...headers },
    ...(body === undefined ? {} : { body }),
  })
  return undocumented(response, described, document, { example: true })
}

/** The version that a training made. */
async function ended(link: string, headers: Record<string, string>): Promise<string> {
  for (;;) {
    const training = (await (await fetch(link, { headers })).json()) as { status: string; output?: { version: string } }
    if (training.output) return training.output.version.split(':')[1] ?? ''
    if (training.status === 'failed') return ''
  }
}

/** A call that can't be answered as it should, and the status that says so. */
interface WrongCall extends Call {
  status: number
  token: boolean
}

function wrongCalls(call: Call): WrongCall[] {
  const wrong: WrongCall[] = []
  const [path = ''] = call.path.split('?')
  const isLink = call.operation.endsWith('/download')
  wrong.push({ ...call, status: isLink ? 404 : 401, token: false })
  const [, documented = ''] = call.operation.split(' ')
  if (documented.includes('{')) {
    const nowhere = documented.replace(/\{[^}]*\}/g, 'nosuch')
    wrong.push({ ...call, path: nowhere, status: 404, token: true })
  }
  // what was deleted on the way is not found before its body is looked at
  const isGone = path.endsWith('/checked')
  if (call.body !== undefined && !call.operation.startsWith('query')) {
    wrong.push({ ...call, path, body: '{', status: isGone ? 404 : 400, token: true })
  }
  return wrong
}

async function askWrongly(url: string, call: WrongCall, document: Document): Promise<string[]> {
  const [method = ''] = call.operation.split(' ')
  const response = await fetch(`${url}${call.path}`, {
    method: method.toUpperCase(),
    headers: { ...(call.token ? { authorization: 'Bearer r8_any' } : {}), ...call.headers },
    ...(call.body === undefined ? {} : { body: call.body }),
  })
  const text = await response.text()
  const at = `${call.path} asked wrongly`
  if (response.status !== call.status) return [`${at} answered ${response.status}, not ${call.status}: ${text}`]
  if (response.headers.get('content-type') !== 'application/problem+json') return [`${at} answered no problem details`]
  const answer = JSON.parse(text) as Schema
  const schema = { ...document.components.schemas['Problem'], required: ['title', 'detail', 'status'] }
  const unlike = answer['status'] === call.status ? [] : [`${at} says ${String(answer['status'])} in its body`]
  return [...mismatches(answer, schema, document, '$'), ...unlike]
}
