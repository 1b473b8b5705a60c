/** `agents search` and `agents import`: models of Replicate, found and written into the configuration. */
import { chmod, lstat, readFile, symlink } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { checkJsonSchema } from '../../src/std/json-schema.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { type CliRig, openCli } from './rig.ts'

let sandbox: Sandbox
let cli: CliRig
beforeAll(async () => {
  sandbox = await startSandbox({ latency: '0' })
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  cli = await openCli({ REPLICATE_BASE_URL: sandbox.url, REPLICATE_API_TOKEN: 'any' })
})
afterEach(() => cli.close())

const config = async () => readFile(join(cli.cwd, 'replicate-agent.yaml'), 'utf8')

/** A server that answers each path so; what it has no answer for is 404. */
async function serve(answers: Record<string, unknown>): Promise<{ url: string; close(): Promise<void> }> {
  const listener: RequestListener = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://here')
    const answer = answers[`${request.method} ${pathname}`]
    if (answer === undefined) response.writeHead(404).end('{"detail":"Not found."}')
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function withServer(answers: Record<string, unknown>, command: string) {
  const server = await serve(answers)
  const end = await cli.run(command, { env: { REPLICATE_BASE_URL: server.url } })
  await server.close()
  return end
}

const modelNamed = (name: string, more: object = {}) => ({ owner: 'acme', name, description: 'It works', ...more })

describe('agents search', () => {
  test('lists models, how often they ran, and what to do next', async () => {
    const { code, stdout, stderr } = await cli.run('agents search remove background')
    expect(code).toBe(0)
    const [header, first, second] = stdout.split('\n')
    expect(header).toMatch(/^model +runs +price +description$/)
    expect(first).toMatch(/^recraft-ai\/recraft-remove-background +2\.4M +\$0\.01 an output +Automated back/)
    expect(second).toMatch(/^cjwbw\/rembg +10M +\$0\.000225 a second \(gpu-t4\) +Remove images background$/)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(stderr).toContain('next: replicate-agent agents import recraft-ai/recraft-remove-background')
  })

  test('prints as many as asked for, as JSON', async () => {
    const { models } = (await cli.run('agents search image --limit 2 --json')).json() as { models: JsonObject[] }
    expect(models).toHaveLength(2)
    expect(models[0]).toMatchObject({ name: expect.stringContaining('/'), run_count: expect.any(Number) })
  })

  test('says so when nothing was found, and what is wrong with the question', async () => {
    expect(await cli.run('agents search qqqq')).toMatchObject({ code: 0, stdout: '' })
    expect((await cli.run('agents search --limit 51 image')).stderr).toContain('--limit takes a number from 1 to 50')
    expect(await cli.run(['agents', 'search', ' '])).toMatchObject({ code: 2 })
    expect(await cli.run('agents search image', { env: { REPLICATE_API_TOKEN: '' } })).toMatchObject({ code: 5 })
  })

  test('asks the search of models where there is no other, with the words as they are', async () => {
    const end = await withServer({ 'QUERY /v1/models': { results: [modelNamed('one')] } }, 'agents search cat --json')
    expect(end.json()).toEqual({ models: [{ name: 'acme/one', description: 'It works', official: false }] })
  })

  test('takes from an answer what can be used, and never lets it move the cursor', async () => {
    const models = [
      null,
      { model: 3 },
      { model: { owner: '../..', name: 'evil' } },
      { model: modelNamed('twice') },
      { model: modelNamed('twice') },
      { model: modelNamed('loud', { description: '\u001b[2J\u0007gone\nnext', run_count: -1 }) },
    ]
    const end = await withServer({ 'GET /v1/search': { models } }, 'agents search cat')
    expect(end.stdout).toMatch(
      /^model +price +description\nacme\/twice +\? +It works\nacme\/loud +\? +␛\[2J␇gone next\n$/,
    )
  })

  test.each([
    ['rubbish', 'not { json'],
    ['something else', { results: { a: 1 }, models: 'all of them' }],
  ])('fails with one clear error when the server answers %s', async (_what, answer) => {
    const answers = { 'GET /v1/search': answer, 'QUERY /v1/models': answer }
    const { code, stderr } = await withServer(answers, 'agents search cat')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: .*(is not JSON|no list of models)/)
  })

  test('says that nobody answers', async () => {
    const end = await cli.run('agents search cat --json', { env: { REPLICATE_BASE_URL: 'http://127.0.0.1:9/v1' } })
    expect(end.code).toBe(1)
    expect(end.json()).toMatchObject({ error: { code: 'network', retryable: true } })
  })
})

describe('agents import', () => {
  test('writes a model into a new configuration, with what its input takes', async () => {
    const { code, stdout, stderr } = await cli.run('agents import black-forest-labs/flux-schnell --as painter')
    expect(code).toBe(0)
    expect(stderr).toContain('made replicate-agent.yaml')
    const text = await config()
    expect(text).toContain(stdout.trimEnd())
    expect(text).toMatch(
      /# imported from https:\/\/replicate.com\/black-forest-labs\/flux-schnell on \d{4}-\d\d-\d\d\n/,
    )
    const { painter } = (parse(text) as { agents: Record<string, JsonObject> }).agents
    expect(painter).toMatchObject({
      model: 'black-forest-labs/flux-schnell',
      description: expect.stringContaining('fastest'),
      input_schema: {
        required: ['prompt'],
        properties: {
          prompt: { type: 'string', description: expect.any(String) },
          num_outputs: { type: 'integer', minimum: 1, maximum: 4, default: 1 },
          output_format: { type: 'string', enum: ['webp', 'jpg', 'png'], default: 'webp' },
          seed: { type: ['integer', 'null'] },
        },
      },
    })
    expect(text).not.toMatch(/title|x-order|nullable/)
    expect(checkJsonSchema(painter?.['input_schema'] as Json)).toEqual([])
  })

  test('copies no price, so that one that is set later holds for the agent', async () => {
    await cli.run('agents import black-forest-labs/flux-schnell --as painter')
    expect(await config()).not.toContain('price')
    const calls = async () => {
      const { json } = await cli.run('agents run painter -i prompt=fox --dry-run --json')
      return (json() as { candidates: JsonObject[] }).candidates
    }
    expect(await calls()).toMatchObject([{ estimate_usd: 0.003 }])
    await cli.run('prices set black-forest-labs/flux-schnell --per-image 0.5')
    expect(await calls()).toMatchObject([{ estimate_usd: 0.5 }])
  })

  test('leaves the rest of the nearest configuration as it is', async () => {
    const before = '# ours\nagents:\n  other: { model: "a/b" }   # keep\n\n# the end\nstore: { url: "x" }\n'
    await cli.write('../replicate-agent.yaml', before)
    await chmod(join(cli.cwd, '../replicate-agent.yaml'), 0o640)
    expect((await cli.run('agents import cjwbw/rembg')).code).toBe(0)
    const file = join(cli.cwd, '../replicate-agent.yaml')
    const after = await readFile(file, 'utf8')
    expect(after.replace(/ {2}# imported[^]*?(?=\n# the end)/, '')).toBe(before)
    expect(after.indexOf('rembg:')).toBeLessThan(after.indexOf('# the end'))
    expect(((await lstat(file)).mode & 0o777).toString(8)).toBe('640')
  })

  test('writes several at once, or none of them', async () => {
    expect((await cli.run('agents import cjwbw/rembg nobody/nothing')).code).toBe(1)
    await expect(config()).rejects.toThrow('ENOENT')
    const end = await cli.run('agents import cjwbw/rembg meta/meta-llama-3-8b-instruct --json')
    expect(end.json()).toMatchObject({
      created: true,
      agents: [{ name: 'rembg' }, { name: 'meta-llama-3-8b-instruct' }],
    })
    expect(Object.keys((parse(await config()) as { agents: object }).agents)).toEqual([
      'rembg',
      'meta-llama-3-8b-instruct',
    ])
  })

  test('keeps a version that was asked for', async () => {
    const { json } = await cli.run('agents show cjwbw/rembg --json')
    const { version } = (json() as { models: { version: string }[] }).models[0] as { version: string }
    await cli.run(`agents import cjwbw/rembg:${version}`)
    expect(parse(await config())).toMatchObject({ agents: { rembg: { model: `cjwbw/rembg:${version}` } } })
  })

  test('does not replace an agent but with --force, and then shows what changed', async () => {
    await cli.write('replicate-agent.yaml', 'agents:\n  rembg: {model: acme/own}\n')
    const refused = await cli.run('agents import cjwbw/rembg')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/has an agent "rembg" already\nhelp: --force/)
    expect(await config()).toBe('agents:\n  rembg: {model: acme/own}\n')
    const { code, stdout } = await cli.run('agents import cjwbw/rembg --force')
    expect(code).toBe(0)
    expect(stdout).toMatch(/rembg was replaced:\n {2}model\n {4}- acme\/own\n {4}\+ cjwbw\/rembg\n/)
    expect((await cli.run('agents import cjwbw/rembg --force')).stdout).toBe('rembg is as it was\n')
    expect((await config()).match(/imported from/g)).toHaveLength(1)
  })

  test('writes through a link, and only where a configuration can be', async () => {
    await cli.write('real.yaml', 'agents: {}\n')
    await symlink('real.yaml', join(cli.cwd, 'link.yaml'))
    expect((await cli.run('agents import cjwbw/rembg --to link.yaml')).code).toBe(0)
    expect((await lstat(join(cli.cwd, 'link.yaml'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(cli.cwd, 'real.yaml'), 'utf8')).toContain('cjwbw/rembg')
    expect((await cli.run('agents import cjwbw/rembg --to .')).stderr).toContain('a folder')
    expect((await cli.run('agents import cjwbw/rembg --to no/such/folder.yaml')).code).toBe(74)
    await cli.write('broken.yaml', 'agents:\n  a: [1\n')
    const broken = await cli.run('agents import cjwbw/rembg --to broken.yaml')
    expect(broken.code).toBe(3)
    expect(broken.stderr).toContain('broken.yaml:')
  })

  test('says what is wrong with names', async () => {
    expect((await cli.run('agents import rembg')).stderr).toContain('"rembg" names no model')
    expect((await cli.run('agents import a/x b/x')).stderr).toContain('a/x and b/x would both be agent "x"')
    expect((await cli.run('agents import a/x b/y --as z')).stderr).toContain('--as names one agent')
    expect((await cli.run(['agents', 'import', 'a/x', '--as', '-bad name'])).code).toBe(2)
    expect((await cli.run('agents import a/x', { env: { REPLICATE_API_TOKEN: '' } })).code).toBe(5)
  })

  test.each([
    ['text', 'no { json', 'is not JSON'],
    ['a list', [1, 2], 'the answer is no model'],
    ['nothing', 'null', 'the answer is no model'],
  ])('writes nothing when the server answers %s', async (_what, answer, said) => {
    const { code, stderr } = await withServer({ 'GET /v1/models/acme/odd': answer }, 'agents import acme/odd')
    expect(code).toBe(1)
    expect(stderr).toContain(said)
    await expect(config()).rejects.toThrow('ENOENT')
  })

  test('says so when a model does not tell what it takes', async () => {
    const model = modelNamed('odd', { latest_version: { id: 7, openapi_schema: { components: 'gone' } } })
    const { code, stderr } = await withServer({ 'GET /v1/models/acme/odd': model }, 'agents import acme/odd')
    expect(code).toBe(0)
    expect(stderr).toContain('acme/odd does not tell what it takes')
    expect(parse(await config())).toEqual({ agents: { odd: { model: 'acme/odd', description: 'It works' } } })
  })

  test('writes two agents that are imported at the same time', async () => {
    await cli.write('replicate-agent.yaml', '# here\n')
    const ends = await Promise.all(['cjwbw/rembg', 'salesforce/blip'].map((name) => cli.run(`agents import ${name}`)))
    expect(ends.map(({ code }) => code)).toEqual([0, 0])
    expect(Object.keys((parse(await config()) as { agents: object }).agents).sort()).toEqual(['blip', 'rembg'])
  })

  test('makes something sane of a schema that is not', async () => {
    const grown = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [
        `L${at}`,
        {
          type: 'object',
          properties: {
            a: { $ref: `#/components/schemas/L${at + 1}` },
            b: { $ref: `#/components/schemas/L${at + 1}` },
          },
        },
      ]),
    )
    const properties: JsonObject = JSON.parse(`{
      "__proto__": {"type": "string"}, "constructor": {"type": "string"}, "a\\u0007b": {"type": "string"},
      "self": {"$ref": "#/components/schemas/Input"}, "grown": {"$ref": "#/components/schemas/L0"},
      "odd": {"type": "text", "enum": "no list", "minimum": "0", "pattern": "(?=x)", "format": "password", "x-more": 1},
      "loud": {"type": "string", "description": "\\u001b[31mred\\u202e\\n\\n# no comment\\n${'$'}{SECRET} ${'$'}{{ x }}", "default": "${'$'}{SECRET}"},
      "weird: [name": {"type": "integer", "title": "T", "minimum": 1}
    }`)
    for (let at = 0; at < 1_000; at += 1) properties[`field_${at}`] = { type: 'string', description: 'x'.repeat(5_000) }
    const Input = { type: 'object', required: ['weird: [name', '__proto__', 7], properties }
    const latest_version = { id: 'f'.repeat(64), openapi_schema: { components: { schemas: { Input, ...grown } } } }
    const model = modelNamed('hostile', { description: 'two\nlines: # and ${SECRET}', latest_version })
    const { code, stderr } = await withServer({ 'GET /v1/models/acme/hostile': model }, 'agents import acme/hostile')
    expect(stderr).toContain('made replicate-agent.yaml')
    expect(code).toBe(0)
    const { hostile } = (parse(await config()) as { agents: Record<string, JsonObject> }).agents
    expect(hostile?.['description']).toBe('two lines: # and $${SECRET}')
    const schema = hostile?.['input_schema'] as { required: string[]; properties: Record<string, JsonObject> }
    expect(checkJsonSchema(schema)).toEqual([])
    expect(schema.required).toEqual(['weird: [name'])
    expect(Object.keys(schema.properties)).toHaveLength(200)
    expect(Object.keys(schema.properties)).not.toContain('constructor')
    expect(schema.properties['odd']).toEqual({})
    expect(schema.properties['loud']).toEqual({
      type: 'string',
      description: '[31mred # no comment $${SECRET} ${{ x }}',
      default: '$${SECRET}',
    })
    expect((await config()).length).toBeLessThan(200_000)
  })
})
