/** An event of a run as a JSON line: flat, versioned, values in place (ruling 31). */
import type { RunEvent, RunNews, Spilled } from '../domain/events.ts'
import { isObject, type JsonObject } from '../std/json.ts'

/** `seq` of what is only progress is that of the last journaled event before it. */
export function eventObject({ run_id, event }: RunNews, lastSeq = 0): JsonObject {
  const { type, time, ...rest } = event
  const seq = 'seq' in event ? event.seq : lastSeq
  const fields = rest as unknown as JsonObject & Partial<Pick<RunEvent, 'seq'>>
  const line: JsonObject = { v: 1, seq, time: new Date(time).toISOString(), run_id, type }
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'seq' || value === undefined) continue
    if (name === 'call') line['attempt'] = value
    // Of a nested run; `run_id` is that of the line.
    else if (name === 'run_id') line['child_run_id'] = value
    else if (spillable.has(name) && isSpilled(value)) Object.assign(line, unspilled(name, value))
    else line[name] = value
  }
  return line
}

const spillable = new Set(['output', 'outputs', 'body'])

function isSpilled(value: unknown): value is Spilled {
  return isObject(value) && ('value' in value || 'spilled' in value)
}

/** A large value is named by the hash of its text in the artifact store. */
function unspilled(name: string, value: Spilled): JsonObject {
  return 'value' in value ? { [name]: value.value } : { [`${name}_spilled`]: value.spilled }
}
