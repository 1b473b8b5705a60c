/** The package that `plugins new` writes: a plugin that does something small, its test, and how to use it. */
import { version } from '../version.ts'

/** Contents by path in the package. Plain JavaScript: Node runs no TypeScript that is installed in node_modules. */
export function starterPlugin(name: string): Record<string, string> {
  return {
    'package.json': manifest(name),
    'index.js': source(name),
    'index.test.js': test,
    'README.md': readme(name),
  }
}

function manifest(name: string): string {
  const fields = {
    name,
    version: '0.1.0',
    description: 'A plugin of replicate-agent: refuses calls whose input is too long.',
    keywords: ['replicate-agent-plugin'],
    type: 'module',
    exports: './index.js',
    files: ['index.js'],
    scripts: { test: 'vitest run' },
    peerDependencies: { 'replicate-agent': `>=${version}` },
    devDependencies: { vitest: '>=3' },
  }
  return `${JSON.stringify(fields, null, 2)}\n`
}

function source(name: string): string {
  return `/** Refuses calls whose input is too long. Change it into what you need: docs/plugins.md says what hooks there are. */

/** What \`options\` may say in the configuration: a JSON Schema. */
const options = {
  type: 'object',
  properties: {
    max_chars: { type: 'integer', minimum: 1, default: 20000, description: 'of the input, as JSON' },
  },
  additionalProperties: false,
}

/** @type {import('replicate-agent').Plugin<{max_chars: number}>} */
const plugin = {
  name: '${name}',
  description: 'refuses calls whose input is too long',
  options,
  hooks: {
    agent_pre_execute(context, tools) {
      const { max_chars } = tools.options
      const chars = JSON.stringify(context.input).length
      if (chars > max_chars)
        return tools.refuse(\`the input has \${chars} characters, and \${max_chars} are allowed\`, 'shorten it, or raise \`max_chars\`')
      // Or another input: { ...context, input: { ...context.input, prompt: '…' } }
      return context
    },
    agent_post_execute(context, result) {
      // Or another output: { ...result, output: '…' }; null withholds it.
      return result
    },
  },
}

export default plugin
`
}

const test = `import { testPlugin } from 'replicate-agent/testing'
import { expect, test } from 'vitest'
import plugin from './index.js'

// What every plugin must do: take its options and no others, give back what it may, in time, and the same each time.
testPlugin(plugin, { options: { max_chars: 1000 }, badOptions: [{ max_chars: 0 }, { max_chars: 'many' }] })

const refuse = (reason) => {
  throw new Error(reason)
}

test('lets short inputs through as they are', () => {
  const context = { input: { prompt: 'hello' } }
  expect(plugin.hooks.agent_pre_execute(context, { options: { max_chars: 100 }, refuse })).toBe(context)
})

test('refuses long ones, and says how long they may be', () => {
  const context = { input: { prompt: 'hello '.repeat(100) } }
  expect(() => plugin.hooks.agent_pre_execute(context, { options: { max_chars: 100 }, refuse })).toThrow('100 are allowed')
})
`

function readme(name: string): string {
  return `# ${name}

A plugin of [replicate-agent](https://www.npmjs.com/package/replicate-agent): it refuses calls whose input is too long.

\`\`\`sh
npm install
npm test
replicate-agent plugins check .
\`\`\`

To use it, install it beside the configuration (\`npm install ${name}\`) and name it there; or name its folder, with \`path\`:

\`\`\`yaml
# replicate-agent.yaml
plugins:
  - name: ${name}
    options: { max_chars: 5000 }
\`\`\`

| option | default | |
| --- | --- | --- |
| \`max_chars\` | 20000 | how long an input may be, as JSON |
`
}
