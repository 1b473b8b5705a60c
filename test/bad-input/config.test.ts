/** Hostile and broken configurations: one clear error each, code 3, and never a stack trace. */
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CliRig, openCli } from '../cli/rig.ts'

let cli: CliRig
beforeAll(async () => {
  cli = await openCli()
  await cli.write('w.yaml', 'steps: {a: {value: 1}}')
})
afterAll(() => cli.close())

const paths = { config: 'replicate-agent.yaml', env: '.env' } as const
const at = (file: keyof typeof paths) => join(cli.cwd, paths[file])
beforeEach(async () => {
  for (const file of ['config', 'env'] as const) await rm(at(file), { recursive: true, force: true })
})

/** Every verb that needs the configuration says the same, once, and `config check` and `doctor` say it, too. */
async function refused(says: string | RegExp, place?: string): Promise<void> {
  for (const command of ['run w.yaml --sandbox', 'runs list', 'config check']) {
    const end = await cli.run(command)
    expect([command, end.code, end.stdout]).toEqual([command, 3, ''])
    expect(end.stderr).toMatch(says)
    if (place !== undefined) expect(end.stderr).toContain(place)
    expect(end.stderr).not.toMatch(/\n\s+at |undefined|\[object/)
    expect(end.stderr.length).toBeLessThan(2_500)
  }
  const { code, message } = (await cli.run('run w.yaml --sandbox --json')).json()['error'] as Record<string, string>
  expect(code).toMatch(/^(invalid_config|file_\w+)$/)
  expect(message).toMatch(says)
  const doctor = await cli.run('doctor --sandbox')
  expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringMatching(says)])
}

const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
for (let level = 1; level < 9; level += 1)
  bomb.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`)

const writer = 'agents: {writer: {model: a/b'

describe('a configuration', () => {
  it.each([
    ['an alias bomb', bomb.join('\n'), 'aliases add more than 10000 values', ':5:10'],
    ['an alias within its own anchor', 'agents: &a {b: *a}', 'within its own anchor', ':1:16'],
    ['a key that stands twice', 'store: {home: a}\nstore: {home: b}', '`store` stands here twice', ':2:1'],
    ['a key __proto__', 'store: {home: a}\n__proto__: {home: b}', 'the key `__proto__` is not allowed', ':2:1'],
    ['an agent called __proto__', 'agents: {__proto__: {model: a/b}}', 'the key `__proto__` is not allowed', ':1:10'],
    ['a variable that is never closed', `${writer}, description: "x \${HOME"}}`, '`${` is never closed', ':1:47'],
    ['a variable without a name', 'store: {home: "${}"}', 'names no variable', ':1:16'],
    ['a variable with a bad name', 'store: {home: "${A B}"}', 'names no variable', ':1:16'],
    ['a list', '- store', 'a configuration must be a mapping, but is a list', ':1:1'],
    ['text', 'store', 'a configuration must be a mapping, but is the string "store"', ':1:1'],
    ['null', '~', 'a configuration must be a mapping, but is null', ':1:1'],
    ['an HTML page', '<!doctype html><html><body>Not found</body></html>', 'must be a mapping', ':1:1'],
    ['two documents', 'store: {}\n---\nstore: {}', 'more than one document', ':2:1'],
    ['a tag', 'store: !!js/function x', 'only plain YAML is read', ':1:8'],
    ['a tab for indentation', 'store:\n\thome: x', /tab/i, ':2:1'],
    ['a number for a section', 'limits: 3', '`limits` must be a mapping', ':1:9'],
    ['a limit of nothing', 'limits: {replicate: {creates_per_minute: 0}}', 'from 2 to 1000000', ':1:42'],
    ['a limit of .inf', 'limits: {replicate: {creates_per_minute: .inf}}', 'not a number of JSON', ':1:42'],
    ['a burst of more than there is', 'limits: {replicate: {burst: 600}}', 'must be less than', ':1:29'],
    ['an agent that calls nothing', 'agents: {writer: {description: x}}', 'has nothing to call', ':1:10'],
    ['agents as a list', 'agents: [{model: a/b}]', 'must be a mapping of names to agents', ':1:9'],
    [
      'a price that is text',
      'prices: {a/b: {usd_per_call: 1, usd_per_second: cheap}}',
      'must be a number of dollars',
      ':1:49',
    ],
    ['a model without a slash', 'prices: {llama: {usd_per_call: 1}}', 'there is no field `llama` in prices', ':1:10'],
    ['NUL bytes', 'store: {home: "a\0b"}', 'the file holds a control character', ':1:17'],
    ['deep nesting', `agents: ${'['.repeat(200_000)}`, 'nested more than 100 levels deep', ':1:'],
  ])('with %s is refused', async (_, text, says, place) => {
    await writeFile(at('config'), text)
    await refused(
      typeof says === 'string' ? new RegExp(says.replaceAll(/[$(){}[\].*+?|\\^]/g, String.raw`\$&`)) : says,
      `replicate-agent.yaml${place}`,
    )
  })

  it('that is not UTF-8 is refused at the byte', async () => {
    await writeFile(
      at('config'),
      Buffer.concat([Buffer.from('store: {home: "'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    )
    await refused('not valid UTF-8', ':1:16')
  })

  it('that begins with a byte order mark is read', async () => {
    await writeFile(at('config'), '\uFEFFstore: {durability: normal}')
    expect((await cli.run('config show')).stdout).toMatch(/durability +normal/)
  })

  it('of 10 MB, a folder, a FIFO, a dead link and an unreadable file are refused without reading on', async () => {
    await writeFile(at('config'), '')
    await truncate(at('config'), 10_000_000)
    await refused('a configuration may have at most 1000000')
    await rm(at('config'))
    await mkdir(at('config'))
    await refused('replicate-agent.yaml is a folder')
    await rm(at('config'), { recursive: true })
    execFileSync('mkfifo', [at('config')])
    await refused('not a regular file')
    await rm(at('config'))
    await symlink(join(cli.cwd, 'nowhere'), at('config'))
    await refused('there is no file')
    await rm(at('config'))
    if (process.getuid?.() === 0) return
    await writeFile(at('config'), '{}')
    await chmod(at('config'), 0)
    await refused('may not be read by this user')
  })

  it('with thousands of faults tells them in time', async () => {
    const agents = Array.from({ length: 3_000 }, (_, index) => `  a${index}: {modell: a/b, x: "\${"}`)
    await writeFile(at('config'), `agents:\n${agents.join('\n')}\n`)
    const end = await cli.run('config check --json')
    expect(end.code).toBe(3)
    expect((end.json()['problems'] as unknown[]).length).toBeGreaterThan(5_999)
  })
})

it('a large configuration with a variable in every line is read and shown in time', async () => {
  const lines = Array.from({ length: 4_000 }, (_, at_) => `  a${at_}: {model: a/b, defaults: {k: "\${V${at_}:-x}"}}`)
  const one = Array.from({ length: 4_000 }, (_, at_) => `    k${at_}: "\${V${at_}:-x}"`)
  await writeFile(
    at('config'),
    `agents:\n${lines.join('\n')}\n  one:\n    model: a/b\n    defaults:\n${one.join('\n').replaceAll(/^ {4}/gm, '      ')}\n`,
  )
  expect((await cli.run('config check')).stdout).toBe('1 file checked: no problems\n')
  const values = (await cli.run('config show --json')).json()['values'] as unknown[]
  expect(values.length).toBeGreaterThan(8_000)
})

describe('a .env', () => {
  it.each([
    ['NUL bytes', 'A=1\nB=\0\n', 'control character', '.env:2:3'],
    ['what is no UTF-8', Buffer.from([0x41, 0x3d, 0xe9, 0x0a]), 'not valid UTF-8', '.env:1:4'],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), 'control character', '.env:1:1'],
  ])('with %s is refused', async (_, text, says, place) => {
    await writeFile(at('env'), text)
    await refused(says, place)
  })

  it('of 10 MB and a folder are refused', async () => {
    await writeFile(at('env'), '')
    await truncate(at('env'), 10_000_000)
    await refused('a .env file may have at most 1000000')
    await rm(at('env'))
    await mkdir(at('env'))
    await refused('.env is a folder')
    expect((await cli.run('run w.yaml --sandbox --no-config')).code).toBe(0)
  })

  it('with odd names and lines changes nothing else', async () => {
    await writeFile(
      at('env'),
      '\n# comment\nexport GOOD="a b" # x\n__proto__=polluted\nconstructor=x\nno assignment\n=x\nB=\n',
    )
    await cli.write(
      'e.yaml',
      'env: [GOOD, B]\nsteps: {a: {value: "${{ env.GOOD }}"}}\noutputs: {n: "${{ len(steps.a.output) }}"}\n',
    )
    expect((await cli.run('run e.yaml --sandbox --json')).json()).toMatchObject({ outputs: { n: 3 } })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

it('two layers that contradict each other are no fault, and two that are both wrong are told together', async () => {
  const user = await cli.write(
    '../config/replicate-agent/replicate-agent.yaml',
    'store: {home: a}\nlimits: {replicate: {creates_per_minute: 10, burst: 9}}',
  )
  await writeFile(at('config'), 'store: {home: b}\nlimits: {replicate: {creates_per_minute: 20}}')
  expect((await cli.run('config check')).stdout).toContain('2 files checked: no problems')
  await writeFile(user, 'stoer: 1')
  await writeFile(at('config'), 'agnets: 1')
  const end = await cli.run('config check')
  expect(end.stderr).toContain('did you mean `store`?')
  expect(end.stderr).toContain('did you mean `agents`?')
  await rm(user)
})

it('layers whose limits are right alone and wrong together are told where the part stands that is too large', async () => {
  const user = await cli.write('../config/replicate-agent/replicate-agent.yaml', 'limits: {replicate: {burst: 50}}')
  await writeFile(at('config'), 'limits: {replicate: {creates_per_minute: 20}}')
  const end = await cli.run('config check')
  expect(end.code).toBe(3)
  expect(end.stderr).toContain('`burst` (50) must be less than `creates_per_minute` (20)')
  expect(end.stderr).toContain(`${user}:1:29`)
  await rm(user)
})
