/** What a model of the sandbox is: facts for its pages, a price, a latency, and the function that answers. */
import { sha256 } from '../../std/hash.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { Random } from '../../std/random.ts'
import type { Latency } from '../latency.ts'
import { type Fields, openapiSchema } from './fields.ts'
import type { Hardware } from './hardware.ts'

/** Public list prices; what is charged by the second goes by the model's hardware. */
export type Price =
  | { per: 'second' }
  | { per: 'image'; usd: number }
  | { per: 'tokens'; inputUsdPerMillion: number; outputUsdPerMillion: number }
  | { per: 'characters'; usdPerThousand: number }

/** A file that an input names, fetched. */
export interface InputFile {
  bytes: Buffer
  mediaType: string
  /** What it was called: the last part of its link, or `data`. */
  name: string
}

export interface ModelCall {
  /** Known fields only, defaults filled in. */
  input: JsonObject
  /** The same for the same model, version, input and seed of the sandbox. */
  seed: number
  random: Random
  /** Throws NonRetryableError when the link can't be read. */
  file(link: string): Promise<InputFile>
}

export interface OutputFile {
  name: string
  mediaType: string
  bytes: Buffer
}

/** A file in an output: `n` counts in the answer's `files`. */
export interface FileMark extends JsonObject {
  $file: number
}
export const fileMark = (n: number): FileMark => ({ $file: n })

export interface ModelAnswer {
  /** Files appear as `{$file: n}`. */
  output: Json
  files?: OutputFile[]
  logs?: string
  /** Beside predict_time and total_time, which the sandbox adds. */
  metrics?: JsonObject
}

export interface CatalogueModel {
  owner: string
  name: string
  description: string
  /** Always on, called without a version, priced by unit. */
  official: boolean
  runCount: number
  hardware: Hardware
  price: Price
  fields: Fields
  output: JsonObject
  /** Has `urls.stream`. */
  streams?: true
  latency: Latency
  githubUrl?: string
  /** How many versions there are; community models keep their old ones. */
  revisions?: number
  /** What a training of it takes; absent where there is none. */
  training?: Fields
  /** An input that shows it off. */
  example: JsonObject
  run(call: ModelCall): ModelAnswer | Promise<ModelAnswer>
}

export interface ModelVersion {
  /** 64 hex digits, the same on every machine. */
  id: string
  createdAt: string
}

export const modelName = (model: CatalogueModel): string => `${model.owner}/${model.name}`

/** Newest first. */
export function modelVersions(model: CatalogueModel): ModelVersion[] {
  const count = model.revisions ?? 1
  return Array.from({ length: count }, (_, at) => {
    const revision = count - at
    const id = sha256(`replicate-agent sandbox model ${modelName(model)} revision ${revision}`)
    const createdAt = new Date(Date.UTC(2025, revision, 1 + (Number.parseInt(id.slice(0, 4), 16) % 27))).toISOString()
    return { id, createdAt }
  })
}

export const modelSchema = (model: CatalogueModel): JsonObject =>
  openapiSchema(modelName(model), model.fields, model.output, model.training)

export const uriOutput: JsonObject = { type: 'string', format: 'uri' }
export const urisOutput: JsonObject = { type: 'array', items: { type: 'string', format: 'uri' } }
export const textOutput: JsonObject = { type: 'string' }
export const tokensOutput: JsonObject = {
  type: 'array',
  items: { type: 'string' },
  'x-cog-array-type': 'iterator',
  'x-cog-array-display': 'concatenate',
}
