/** A budget that eight processes share, some of which are killed: it is never passed, and nothing of it is lost. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { asAccount } from '../../src/executor/resilience/budget/account.ts'
import { openCells } from '../../src/state/cells/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { seededRandom } from '../../src/std/random.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'

const script = fileURLToPath(import.meta.resolve('./spender.fixture.ts'))
const cap = 20

interface End {
  refused: number
  signal: string | undefined
}

function spend(folder: string, seed: number, calls: number, concurrency: number, killAfter = 0): Promise<End> {
  const args = [script, folder, ...[seed, calls, concurrency, killAfter].map(String)]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      if (error && error.signal !== 'SIGKILL') reject(new Error(stderr))
      else resolve({ refused: Number(stdout), signal: error?.signal ?? undefined })
    })
  })
}

/** What was spent, or may have been. */
function spentIn(folder: string): number {
  const usd = new Map<string, number>()
  for (const line of readFileSync(join(folder, 'journal'), 'utf8').trimEnd().split('\n')) {
    const said = JSON.parse(line) as { id: string; usd: number }
    usd.set(said.id, said.usd)
  }
  return [...usd.values()].reduce((sum, one) => sum + one, 0)
}

test.each([
  { seed: 1, kills: false },
  { seed: 2, kills: true },
  { seed: 3, kills: true },
])(
  'A hard cap holds over eight processes of 32 calls at once (seed $seed, kills: $kills)',
  async ({ seed, kills }) => {
    const folder = await temporaryFolder()
    onTestFinished(folder.remove)
    writeFileSync(folder.file('journal'), '')
    const random = seededRandom(seed)
    // Even ones are killed, each at a step of its own; the others go on.
    const ends = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        spend(folder.path, seed * 100 + at, 40, 32, kills && at % 2 === 0 ? 1 + Math.floor(random() * 40) : 0),
      ),
    )
    if (!kills) expect(ends.every(({ signal }) => signal === undefined)).toBe(true)
    else expect(ends.some(({ signal }) => signal === 'SIGKILL')).toBe(true)
    expect(spentIn(folder.path)).toBeLessThanOrEqual(cap)
    // What the dead had set aside and not used can be spent by those that come later, to the last coin.
    for (let more = 0, refused = 0; refused === 0; more += 1) {
      expect(more).toBeLessThan(10)
      ;({ refused } = await spend(folder.path, seed * 1_000 + more, 200, 1))
    }
    const spent = spentIn(folder.path)
    expect(spent).toBeLessThanOrEqual(cap)
    expect(spent).toBeGreaterThan(cap - 0.5)
    const cells = await openCells({ file: folder.file('shared.db'), clock: systemClock, random })
    const [account] = [...cells.list('budget/').values()].map(asAccount)
    cells.close()
    expect(account).toMatchObject({ holders: {}, spent: expect.closeTo(spent, 6) })
  },
  60_000,
)
