/** Says how a request that was not recorded differs from those that were. */
import { isObject, type Json, jsonEqual } from '../../../std/json.ts'
import { exchangeNames, readExchange } from './folder.ts'
import type { RecordedRequest } from './format.ts'
import { stemOf } from './request.ts'

/** Recordings of one path that are looked at. */
const most = 200

/** Undefined when nothing of the path was recorded. */
export async function nearestRecorded(folder: string, request: RecordedRequest): Promise<string | undefined> {
  const path = request.url.split('?')[0] ?? ''
  const names = await exchangeNames(folder, stemOf(request.method, path))
  let fewest: string[] | undefined
  for (const name of names.slice(0, most)) {
    const exchange = await readExchange(folder, name)
    if (!exchange) continue
    const fields = differences(exchange.request, request)
    if (!fewest || fields.length < fewest.length) fewest = fields
  }
  if (!fewest) return undefined
  const shown = fewest.slice(0, 3).join(', ')
  return `the nearest of ${names.length} recorded there differs in ${shown}${fewest.length > 3 ? ', …' : ''}`
}

function differences(a: RecordedRequest, b: RecordedRequest): string[] {
  const found = fieldsThatDiffer(a.body ?? null, b.body ?? null, '')
  if (a.url !== b.url) found.push('its parameters')
  if (a.from !== b.from) found.push('where it goes on')
  return found
}

function fieldsThatDiffer(a: Json, b: Json, path: string): string[] {
  if (jsonEqual(a, b)) return []
  if (!isObject(a) || !isObject(b)) return [path === '' ? 'its body' : path]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    fieldsThatDiffer(a[key] ?? null, b[key] ?? null, path === '' ? key : `${path}.${key}`),
  )
}
