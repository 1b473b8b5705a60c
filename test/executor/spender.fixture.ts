/** A process that spends from a shared budget: `FOLDER SEED CALLS CONCURRENCY KILL_AFTER`; says what it did in a journal of lines. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CallMoney } from '../../src/executor/resilience/budget/account.ts'
import { BudgetAccounts } from '../../src/executor/resilience/budget/accounts.ts'
import { openCells } from '../../src/state/cells/open.ts'
import { probeHolder, thisHolder } from '../../src/state/store/holder.ts'
import { systemClock } from '../../src/std/clock.ts'
import { seededRandom } from '../../src/std/random.ts'

const [folder = '', seed = '0', calls = '0', concurrency = '1', killAfter = '0'] = process.argv.slice(2)
const journal = join(folder, 'journal')
const random = seededRandom(Number(seed))
const spender = thisHolder()
const cells = await openCells({ file: join(folder, 'shared.db'), clock: systemClock, random })
const signal = new AbortController().signal

export interface Line {
  id: string
  pid: number
  host: string
  began: number
  usd: number
}

function journaled(): CallMoney[] {
  const known = new Map<string, Line>()
  for (const line of readFileSync(journal, 'utf8').trimEnd().split('\n')) {
    if (line === '') continue
    const said = JSON.parse(line) as Line
    const before = known.get(said.id)
    known.set(said.id, before ? { ...before, usd: said.usd } : said)
  }
  return [...known.values()]
}

const accounts = new BudgetAccounts({
  ...{ cells: async () => cells, settings: { month: { hard: 20 } }, clock: systemClock, random },
  ...{ spender, lifeOf: probeHolder, journaled: async () => journaled(), warn: (text) => process.stderr.write(text) },
})

let steps = 0
function step(): void {
  steps += 1
  if (steps === Number(killAfter)) process.kill(process.pid, 'SIGKILL')
}

let refused = 0
async function call(number: number): Promise<void> {
  const usd = Math.ceil(random() * 8) / 16
  const actual = (usd * Math.floor(random() * 5)) / 4
  let held
  try {
    held = await accounts.reserve(accounts.of({ name: 'a' }, 'r'), usd, signal)
  } catch {
    refused += 1
    return
  }
  step()
  const id = `${spender.pid}.${number}`
  const { pid, host } = spender
  appendFileSync(journal, `${JSON.stringify({ id, pid, host, began: Date.now(), usd })}\n`)
  step()
  await systemClock.sleep(random() * 5)
  appendFileSync(journal, `${JSON.stringify({ id, usd: actual })}\n`)
  step()
  held.settle(actual)
  step()
}

let next = 0
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    while (next < Number(calls)) await call((next += 1))
  }),
)
await accounts.close()
cells.close()
process.stdout.write(String(refused))
