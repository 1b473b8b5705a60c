/** Writes calls into an audit log as fast as it can, and keeps in TRACE what was acknowledged: `HOME TRACE WRITER ROUNDS`. */
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { keyedHash } from '../../src/observe/audit/keyed-hash.ts'
import { openAuditLog } from '../../src/observe/audit/log.ts'
import { openCells } from '../../src/state/cells/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { redactionOf } from '../../src/std/redaction.ts'

const [home = '', trace = '', writer = '', rounds = ''] = process.argv.slice(2)
// Written at once: lines on their way through a pipe are lost when this process is killed.
const descriptor = openSync(trace, 'a')
const tell = (line: string) => void writeSync(descriptor, `${line}\n`)
const shared = { clock: systemClock, random: Math.random }
const cells = await openCells({ file: join(home, 'shared.db'), ...shared })
const log = openAuditLog({
  ...{ folder: join(home, 'audit'), cells: async () => cells, ...shared },
  ...{ required: Number(rounds) % 3 === 0, retention_ms: undefined, durability: 'normal' },
  ...{ hash: keyedHash(new Uint8Array(32)), keep: new Set(), redaction: redactionOf([]) },
  who: { user: writer, host: 'here', door: 'test' },
  warn: (message) => tell(`warned ${message}`),
})
process.stdout.write('ready\n')

let made = 0
for (let round = 0; round < Number(rounds); round += 1) {
  const burst = 1 + Math.floor(Math.random() * 8)
  for (let at = 0; at < burst; at += 1, made += 1) {
    const start = { place: { run_id: writer, workflow: 'w', step: 's', index: made }, agent: 'a', input: { made } }
    const id = await log.begin?.(start)
    log.take({
      ...{
        ...start,
        ...(id !== undefined && { id }),
        status: 'succeeded',
        candidates: [],
        decisions: [],
        attempts: [],
      },
      ...{
        latency_ms: 1,
        judging_ms: 0,
        cost_usd: 0.25,
        cache: 'off',
        refused: [],
        resumed: false,
        files: [],
        mask: (value) => value,
      },
      output: 'x'.repeat(made % 5_000),
    })
  }
  await log.flushed()
  tell(`acknowledged ${made}`)
}
await log.close()
cells.close()
tell('closed')
