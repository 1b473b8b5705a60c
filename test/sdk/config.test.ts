/** The configuration as a program gives it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, callAction, createApp, runAgent, runWorkflow } from '../../src/index.ts'
import type { AppOptions } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type TemporaryFolder, temporaryFolder } from '../../src/testing/temporary-folder.ts'

const model = 'meta/meta-llama-3-8b-instruct'
let folder: TemporaryFolder
let sandbox: Sandbox
const apps: App[] = []
beforeEach(async () => {
  folder = await temporaryFolder()
  sandbox = await startSandbox({ latency: '0' })
})
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
  await sandbox.close()
  await folder.remove()
})

async function open(more: Partial<AppOptions>): Promise<App> {
  const app = await createApp({
    ...{ env: { XDG_CONFIG_HOME: folder.path }, cwd: folder.path, home: folder.file('home') },
    ...{ token: 'any', baseUrl: sandbox.url },
    ...more,
  })
  apps.push(app)
  return app
}

const context = { by: 'test', warn: () => {}, signal: new AbortController().signal }

describe('A program', () => {
  it('gives agents, which come before those of the files, and may be functions', async () => {
    await writeFile(join(folder.path, 'replicate-agent.yaml'), 'agents: {upper: {model: a/b}, other: {model: a/b}}')
    await writeFile(
      join(folder.path, 'w.yaml'),
      'steps: {a: {agent: upper, input: {text: hi}}}\noutputs: {a: "${{ steps.a.output }}"}\n',
    )
    const app = await open({
      agents: { upper: { function: 'upper' } },
      functions: { upper: (input) => String(input['text']).toUpperCase() },
    })
    expect(Object.keys(app.agents().agents)).toEqual(['upper', 'other'])
    expect(await callAction(app, runWorkflow, { workflow: 'w.yaml' }, context)).toMatchObject({ outputs: { a: 'HI' } })
  })

  it('gives the whole configuration in place of files, or none', async () => {
    await writeFile(join(folder.path, 'replicate-agent.yaml'), 'agents: {file: {model: a/b}}')
    const given = await open({ config: { agents: { writer: { model, price: { usd_per_call: 2 } } } } })
    expect(Object.keys(given.agents().agents)).toEqual(['writer'])
    const inputs = { agent: 'writer', inputs: { prompt: 'Say hello.' } }
    expect(await callAction(given, runAgent, inputs, context)).toMatchObject({ status: 'succeeded', cost_usd: 2 })
    expect((await open({ config: false })).agents().agents).toEqual({})
    expect(Object.keys((await open({ config: 'replicate-agent.yaml' })).agents().agents)).toEqual(['file'])
  })

  it('is told what is wrong with what it gives when it is used', async () => {
    const app = await open({ agents: { writer: { modell: model } as never } })
    expect(() => app.agents()).toThrow('the given agents:3:5: agent "writer" has nothing to call (and 1 more)')
    await expect(app.store()).rejects.toMatchObject({ code: 'invalid_config' })
  })
})
