/** A call's surroundings held in memory: a journal of facts, files, claims; for tests of executors and targets. */
import { NotFoundError } from '../domain/errors.ts'
import type { KeptFile } from '../domain/file.ts'
import { parseArtifactUri } from '../domain/file.ts'
import type { BudgetGate, CallContext, CallFact, PriorCalls } from '../executor/contract.ts'
import { sha256 } from '../std/hash.ts'
import type { Json } from '../std/json.ts'
import type { CallFiles } from '../targets/target.ts'

export interface MemoryFiles extends CallFiles {
  readonly kept: KeptFile[]
  /** Makes a file that the run holds. */
  hold(bytes: Uint8Array, name: string, mediaType?: string): KeptFile
}

export function memoryFiles(): MemoryFiles {
  const bytesOf = new Map<string, Uint8Array>()
  const held = new Map<string, KeptFile>()
  const kept: KeptFile[] = []
  const hold = (bytes: Uint8Array, name: string, mediaType = 'application/octet-stream'): KeptFile => {
    const file = { name, sha256: sha256(bytes), bytes: bytes.length, media_type: mediaType }
    bytesOf.set(file.sha256, bytes)
    held.set(file.sha256, file)
    return file
  }
  return {
    kept,
    hold,
    find: (uri) => held.get(parseArtifactUri(uri)?.sha256 ?? ''),
    async read(hash) {
      const bytes = bytesOf.get(hash)
      if (!bytes) throw new NotFoundError(`no file ${hash}`)
      return bytes
    },
    renew: async (hash) => bytesOf.has(hash),
    async keep(given, name, mediaType) {
      const chunks: Uint8Array[] = []
      if (given instanceof Uint8Array) chunks.push(given)
      else for await (const chunk of given) chunks.push(chunk)
      const file = hold(Buffer.concat(chunks), name, mediaType)
      kept.push(file)
      return file
    },
    uploadOf: () => undefined,
  }
}

export interface MemoryCall {
  context: CallContext
  /** In the order in which they were recorded. */
  facts: CallFact[]
  progress: { call: number; text?: string; status?: string; fraction?: number }[]
  /** Prediction ids that other work has. */
  claimed: Set<string>
  files: MemoryFiles
  versions: Map<string, string>
}

export interface MemoryCallOptions {
  signal?: AbortSignal
  prior?: Partial<PriorCalls>
  budget?: BudgetGate
  /** Called before a fact is taken in; what it throws is a journal that fails. */
  onRecord?(fact: CallFact): void | Promise<void>
  mask?<T extends Json>(value: T): T
}

const noBudget: BudgetGate = { hard: false, reserve: () => () => {}, add: () => {} }

export function memoryCall(options: MemoryCallOptions = {}): MemoryCall {
  const facts: CallFact[] = []
  const progress: MemoryCall['progress'] = []
  const claimed = new Set<string>()
  const versions = new Map<string, string>()
  const uploads = new Map<string, string>()
  const files = memoryFiles()
  const take = (fact: CallFact): void => {
    facts.push(fact)
    if (fact.type === 'model.resolved' && !versions.has(fact.model)) versions.set(fact.model, fact.version)
    if (fact.type === 'call.uploaded') uploads.set(fact.sha256, fact.url)
  }
  const context: CallContext = {
    signal: options.signal ?? new AbortController().signal,
    prior: { attempts: [], calls: 0, cost_usd: 0, elapsed_ms: 0, ...options.prior },
    async record(...together) {
      for (const fact of together) {
        await options.onRecord?.(fact)
        take(fact)
      }
    },
    recordLast: take,
    claim: async (id) => !claimed.has(id),
    files: { ...files, uploadOf: (hash) => uploads.get(hash) },
    versionOf: (model) => versions.get(model),
    budget: options.budget ?? noBudget,
    mask: options.mask ?? ((value) => value),
    progress: (news) => progress.push(news),
    labels: { run_id: 'run1', workflow: 'demo', step: 'draw' },
  }
  return { context, facts, progress, claimed, files, versions }
}
