/** A process that is killed in the middle of a hedge: `node hedge-victim.ts FOLDER HOME`; says `hedged` when two calls are on their way. */
import { writeSync } from 'node:fs'
import { callAction, createApp, runWorkflow } from '../../src/index.ts'

const [cwd = '', home = ''] = process.argv.slice(2)
let calls = 0
const app = await createApp({
  ...{ env: { XDG_CONFIG_HOME: cwd }, cwd, home },
  functions: {
    slow: () => {
      calls += 1
      if (calls === 2) writeSync(1, 'hedged')
      return new Promise(() => {})
    },
  },
})
const context = { by: 'test', warn: () => {}, signal: new AbortController().signal }
await callAction(app, runWorkflow, { workflow: 'flow.yaml', run_id: 'run' }, context)
