/**
 * Asks the sandbox every operation that the shared description of Replicate's API has, and compares the answers with
 * what is documented: status, schema, and the fields of the example answers. Then asks each of them wrongly (without a
 * token, for what is not there, with a broken body), and wants problem details. Exits 1 on any difference.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startSandbox } from '../src/sandbox/sandbox.ts'

type Schema = Record<string, unknown>
interface Operation {
  description?: string
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
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
  const text = await response.text()
  const expected = described.responses[String(response.status)]
  if (!expected)
    return [
      `answered ${response.status}, documented are ${Object.keys(described.responses).join(', ')}: ${text.slice(0, 200)}`,
    ]
  if (!response.headers.get('content-type')?.includes('json')) return []
  const answer: unknown = JSON.parse(text)
  const schema = expected.content?.['application/json']?.schema
  return [
    ...(schema ? mismatches(answer, schema, document, '$') : []),
    ...missingFields(answer, described.description ?? ''),
  ]
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

/** Where a value is not what its schema says. */
function mismatches(value: unknown, given: Schema, document: Document, at: string): string[] {
  const name = typeof given['$ref'] === 'string' ? given['$ref'].split('/').at(-1) : undefined
  const schema = name === undefined ? given : (document.components.schemas[name] ?? {})
  const wrong = wrongValue(value, schema)
  if (wrong !== undefined) return [`${at} ${wrong}`]
  if (Array.isArray(value)) {
    const items = schema['items'] as Schema | undefined
    return items ? value.flatMap((item, n) => mismatches(item, items, document, `${at}[${n}]`)) : []
  }
  return typeof value === 'object' && value !== null
    ? fieldMismatches(value as Schema, schema, name !== undefined, document, at)
    : []
}

function wrongValue(value: unknown, schema: Schema): string | undefined {
  const types = [schema['type'] ?? []].flat() as string[]
  if (value === null) {
    return types.length === 0 || types.includes('null') || schema['nullable'] === true ? undefined : 'is null'
  }
  if (types.length > 0 && !types.some((type) => hasType(value, type))) return `is no ${types.join(' or ')}`
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) return `is ${JSON.stringify(value)}`
  if (schema['format'] !== 'date-time' || typeof value !== 'string') return undefined
  return Number.isNaN(Date.parse(value)) ? 'is no time' : undefined
}

/** Where a schema does not say which fields it requires, all that it describes have to be there; named ones say so. */
function fieldMismatches(value: Schema, schema: Schema, isNamed: boolean, document: Document, at: string): string[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
  const required = (schema['required'] ?? (isNamed ? [] : properties.map(([field]) => field))) as string[]
  return [
    ...required.filter((field) => !Object.hasOwn(value, field)).map((field) => `${at}.${field} is missing`),
    ...properties
      .filter(([field]) => Object.hasOwn(value, field))
      .flatMap(([field, each]) => mismatches(value[field], each, document, `${at}.${field}`)),
  ]
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value)
  return typeof value === type
}

/** Fields of the example answer in the description that ours lacks: of itself, or of the first of its results. */
function missingFields(answer: unknown, description: string): string[] {
  const example = /```json\s*([\s\S]*?)```/.exec(description.slice(Math.max(0, description.search(/respon[sd]/i))))?.[1]
  if (example === undefined) return []
  let shown: unknown
  try {
    shown = JSON.parse(
      example
        .replace(/\{\s*\.\.\.\s*\}/g, '{}')
        .replace(/\[\s*\.\.\.\s*\]/g, '[]')
        .replace(/,(\s*[}\]])/g, '$1'),
    )
  } catch {
    return []
  }
  const firstOf = (value: unknown): object => {
    const results = (value as { results?: unknown[] }).results
    const chosen = Array.isArray(value) ? value[0] : (results?.[0] ?? value)
    return typeof chosen === 'object' && chosen !== null ? chosen : {}
  }
  const ours = firstOf(answer)
  return Object.keys(firstOf(shown))
    .filter((field) => !Object.hasOwn(ours, field))
    .map((field) => `lacks ${field}, which the documented example has`)
}
