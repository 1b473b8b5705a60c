import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunResult } from '../../src/domain/run.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { seededRandom } from '../../src/std/random.ts'
import { temporaryFolder, type TemporaryFolder } from '../../src/testing/temporary-folder.ts'

/** How often a process is killed; half at journal boundaries, half at random times. `.ci/run` asks for 300. */
const points = Number(process.env.CHAOS_POINTS ?? 30)
/** Commits of an undisturbed run, at least. */
const commits = 16
const createsPerRun = 4
const seed = Number(process.env.CHAOS_SEED ?? 1)
const victim = fileURLToPath(new URL('victim.ts', import.meta.url))

let folder: TemporaryFolder
let sandbox: Sandbox
beforeAll(async () => {
  folder = await temporaryFolder()
  sandbox = await startSandbox({
    dataDir: folder.file('sandbox'),
    latency: 'uniform:5,60',
    logFile: folder.file('log.jsonl'),
  })
})
afterAll(async () => {
  await sandbox.close()
  await folder.remove()
})

function args(point: number, ...more: string[]): string[] {
  return [victim, folder.file(`home${point}`), sandbox.url, 'run', String(point), ...more]
}
const env = () => ({ ...process.env, NODE_COMPILE_CACHE: folder.file('cache') })

/** Starts the run and lets its process die; resolves when it is dead (or was quicker than the kill). */
async function die(point: number, death: { commit: number; when: string } | { afterMs: number }): Promise<void> {
  await mkdir(folder.file(`home${point}`), { recursive: true })
  const more = 'commit' in death ? [String(death.commit), death.when] : []
  const child = spawn(process.execPath, args(point, ...more), { env: env(), stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  if ('afterMs' in death) {
    const timer = setTimeout(() => child.kill('SIGKILL'), death.afterMs)
    await ended
    clearTimeout(timer)
  }
  await ended
}

async function finish(point: number): Promise<RunResult> {
  const { stdout } = await promisify(execFile)(process.execPath, args(point), { env: env(), maxBuffer: 1e8 })
  return JSON.parse(stdout) as RunResult
}

describe('kill -9', () => {
  it(
    `at ${points} points, each followed by a resume, ends every run well and pays for nothing twice`,
    async () => {
      const random = seededRandom(seed)
      const deaths = Array.from({ length: points }, (_, point) => {
        if (point % 2 === 1) return { afterMs: 150 + Math.floor(random() * 600) }
        const at = point / 2
        return { commit: 1 + (Math.floor(at / 2) % commits), when: at % 2 === 0 ? 'before' : 'after' }
      })
      const limit = pLimit(3)
      await Promise.all(
        deaths.map((death, point) =>
          limit(async () => {
            await die(point, death)
            const result = await finish(point)
            expect(result.status, `point ${point}, ${JSON.stringify(death)}: ${JSON.stringify(result.error)}`).toBe(
              'succeeded',
            )
            expect(result.steps.upscale?.files).toHaveLength(1)
          }),
        ),
      )
      const creates = (await readFile(folder.file('log.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event: string; model: string; input_sha256: string })
        .filter((line) => line.event === 'create')
      const counts = new Map<string, number>()
      for (const { model, input_sha256 } of creates) {
        const key = `${model} ${input_sha256}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      expect([...counts].filter(([, count]) => count > 1)).toEqual([])
      expect(creates).toHaveLength(points * createsPerRun)
    },
    points * 5_000,
  )
})
