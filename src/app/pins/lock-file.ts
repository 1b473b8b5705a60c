/** `replicate-agent.lock`: what each model resolved to, as a text that is the same for the same content, whoever writes it. */
import { z } from 'zod'
import { type DocumentKind, readDocument } from '../../documents/document.ts'
import { startLoading } from '../../documents/loading.ts'
import { strict } from '../../documents/spec-fields.ts'
import { readYamlFile } from '../../documents/yaml-file.ts'
import type { Places } from '../../documents/yaml-places.ts'
import { ReplicateAgentError } from '../../domain/errors.ts'
import { type Problem, ProblemsError } from '../../domain/problem.ts'
import { type ModelVersion, officialVersion } from '../../domain/version-pin.ts'
import { defined } from '../../std/defined.ts'
import { isObject } from '../../std/json.ts'

/** What a model was locked at. */
export interface LockedModel extends Pick<ModelVersion, 'version' | 'tag' | 'fingerprint' | 'created_at'> {
  /** ISO 8601, in UTC. */
  resolved_at: string
}

export type LockedModels = ReadonlyMap<string, LockedModel>

export interface LockFile {
  file: string
  models: LockedModels
  /** Where things stand in it; absent when there is no such file. */
  places?: Places
}

const hash = /^[0-9a-f]{64}$/
const modelError = 'must be a model: owner/name'
const versionError = 'must be a version: 64 hex digits'
const fingerprintError = 'must be a fingerprint: 64 hex digits'
const tagError = 'must be a number such as 1.2.0'
const time = (error: string) =>
  z.string({ error }).refine((text) => text.length < 40 && Number.isFinite(Date.parse(text)), { error })
const timeError = 'must be a time such as 2026-01-31T12:00:00Z'

const lockedSpec = strict(
  undefined,
  {
    version: z.string({ error: versionError }).regex(hash, { error: versionError }).optional(),
    official: z.literal(true, { error: 'must be true' }).optional(),
    tag: z
      .string({ error: tagError })
      .regex(/^\d+\.\d+\.\d+[\w.+-]{0,65}$/, { error: tagError })
      .optional(),
    schema: z.string({ error: fingerprintError }).regex(hash, { error: fingerprintError }).optional(),
    created_at: time(timeError).optional(),
    resolved_at: time(timeError),
  },
  'What a model resolved to.',
)

const layout = 1
const layoutError = `must be ${layout}, the layout that this version of replicate-agent knows`

const lockSpec = strict(
  undefined,
  {
    lock_version: z.literal(layout, { error: layoutError }),
    models: z.record(z.string().regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/, { error: modelError }), lockedSpec, {
      error: 'must be a mapping of models',
    }),
  },
  'The lock file of replicate-agent.',
)

const hint = 'take it from version control again, or remove it and run `replicate-agent agents pin --all`'

const lockDocument: DocumentKind<z.infer<typeof lockSpec>> = {
  schema: lockSpec,
  what: 'a lock file',
  mend(data) {
    if (!isObject(data)) return false
    const entries = isObject(data['models']) ? Object.values<unknown>(data['models']).filter(isObject) : []
    const mended = [
      putIn(data, { lock_version: layout, models: {} }),
      ...entries.map((entry) => putIn(entry, { resolved_at: new Date(0).toISOString() })),
    ]
    return mended.includes(true)
  },
  hint: () => hint,
}

/** Fields that are missing; whether any was. */
function putIn(object: Record<string, unknown>, fields: Record<string, unknown>): boolean {
  const missing = Object.entries(fields).filter(([key]) => !Object.hasOwn(object, key))
  Object.assign(object, Object.fromEntries(missing))
  return missing.length > 0
}

/** Empty when there is no such file. Throws ProblemsError `invalid_config`, `file_unreadable` and `file_too_large`. */
export async function readLockFile(file: string): Promise<LockFile> {
  let document: Awaited<ReturnType<typeof readYamlFile>>
  try {
    document = await readYamlFile(file, 'lock file', hint)
  } catch (error) {
    if (error instanceof ReplicateAgentError && error.code === 'file_not_found') return { file, models: new Map() }
    throw error instanceof ProblemsError ? new ProblemsError('invalid_config', unmerged(error.problems)) : error
  }
  const { data, places } = document
  const { suggest } = startLoading(file, places, {})
  const { value, problems } = readDocument(lockDocument, data, places, suggest)
  for (const [model, { version, official }] of Object.entries(problems.length > 0 ? {} : (value?.models ?? {}))) {
    if ((version === undefined) !== (official === undefined)) continue
    const message = `\`models.${model}\` must have either a \`version\` or \`official: true\``
    problems.push(places.problem(['models', model], { code: 'bad_lock', message, hint, at: 'key' }))
  }
  if (!value || problems.length > 0) throw new ProblemsError('invalid_config', problems)
  return {
    file,
    models: new Map(Object.entries(value.models).map(([model, entry]) => [model, entryOf(entry)])),
    places,
  }
}

function entryOf({ version = officialVersion, tag, schema, created_at, resolved_at }: z.infer<typeof lockedSpec>) {
  return defined({ version, tag, fingerprint: schema, created_at, resolved_at }) satisfies LockedModel
}

/** Version control leaves its marks where two branches changed the same lines. */
function unmerged(problems: readonly Problem[]): readonly Problem[] {
  const mark = problems.find(({ source }) => /^(<{7}|={7}|>{7})( |$)/.test(source ?? ''))
  if (!mark) return problems
  return [
    {
      ...mark,
      message: 'the file has a conflict of version control in it',
      hint: 'keep both sides where they are of different models, else one; `replicate-agent agents outdated` then says what is newer',
    },
  ]
}

const header = [
  '# What each model resolved to. Written by replicate-agent (`agents pin`, `agents upgrade`, and runs of agents with a',
  '# `version_pin`); keep it in version control. docs/agents.md says more.',
]

export function lockText(models: LockedModels): string {
  const names = [...models.keys()].toSorted()
  const lines = names.flatMap((name) => {
    const { version, tag, fingerprint, created_at, resolved_at } = models.get(name) as LockedModel
    const fields = {
      ...(version === officialVersion ? { official: true } : { version }),
      ...defined({ tag, schema: fingerprint, created_at, resolved_at }),
    }
    return [`  ${name}:`, ...Object.entries(fields).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`)]
  })
  const body = lines.length === 0 ? ['models: {}'] : ['models:', ...lines]
  return `${[...header, `lock_version: ${layout}`, ...body].join('\n')}\n`
}
