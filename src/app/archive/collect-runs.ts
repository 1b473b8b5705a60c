/** Runs as they are exported: journals and definitions as text, without secrets, and the files that they name. */
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { StoreError } from '../../domain/errors.ts'
import type { RunEvent } from '../../domain/events.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { sha256 as hashOf } from '../../std/hash.ts'
import type { Json } from '../../std/json.ts'
import { hashDefinition } from '../../workflow/plan.ts'
import { withoutSecretDefaults } from '../../workflow/redact.ts'
import { filesNamedBy } from './files-named.ts'
import type { Manifest } from './manifest.ts'
import type { SecretTexts } from './secret-texts.ts'

export interface CollectedRuns {
  runs: { entry: Manifest['runs'][number]; text: string }[]
  /** By hash. */
  definitions: Map<string, string>
  /** Bytes of every file that the journals name, by hash; `value`: a large value of a journal, without which it can't be shown. */
  files: Map<string, { bytes: number; value: boolean }>
}

/** Fields of events that hold what people and models wrote. */
const freeFields = ['inputs', 'error', 'reason', 'message', 'url', 'output', 'outputs', 'body', 'files']

/** A run with those nested in it. `texts` are masked in what is kept in clear. */
export async function collectRun(
  store: Store,
  root: RunRecord,
  secretsOf: (definition: WorkflowDefinition) => SecretTexts,
): Promise<CollectedRuns> {
  const collected: CollectedRuns = { runs: [], definitions: new Map(), files: new Map() }
  const secrets = secretsOf(await definitionOf(store, root))
  const family = [root]
  for (const record of family) {
    const definition = await definitionOf(store, record)
    const open = secrets.mask(withoutSecretDefaults(definition) as unknown as Json) as unknown as WorkflowDefinition
    const hash = hashDefinition(open)
    collected.definitions.set(hash, JSON.stringify(open))
    const events = (await store.readEvents(record.run_id)).map((event) =>
      exported(event, secrets, record.definition_hash, hash),
    )
    for (const [sha256, file] of filesNamedBy(events)) {
      const known = collected.files.get(sha256)
      collected.files.set(sha256, { bytes: file.bytes, value: file.value || known?.value === true })
    }
    const text = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    const entry: Manifest['runs'][number] = {
      run_id: record.run_id,
      workflow: record.workflow,
      ...(record.parent_run_id !== undefined && { parent_run_id: record.parent_run_id }),
      definition_hash: hash,
      events: events.length,
      bytes: Buffer.byteLength(text),
      sha256: hashOf(text),
    }
    collected.runs.push({ entry, text })
    const children = await store.listRuns({ parent_run_id: record.run_id })
    family.push(...children.toSorted((a, b) => (a.run_id < b.run_id ? -1 : 1)))
  }
  return collected
}

async function definitionOf(store: Store, { run_id, definition_hash }: RunRecord): Promise<WorkflowDefinition> {
  const text = await store.getDefinition(definition_hash)
  if (text !== undefined) return JSON.parse(text) as WorkflowDefinition
  throw new StoreError('store_corrupt', `the definition of run ${run_id} is missing from the store`, {
    hint: '`doctor` checks the store',
  })
}

/** With the hash of the definition as it is exported; that of a definition it had before a retry stays. */
function exported(event: RunEvent, { mask }: SecretTexts, before: string, after: string): RunEvent {
  const fields: Record<string, Json> = { ...(event as unknown as Record<string, Json>) }
  for (const name of freeFields) if (fields[name] !== undefined) fields[name] = mask(fields[name])
  if (fields['definition_hash'] === before) fields['definition_hash'] = after
  return fields as unknown as RunEvent
}
