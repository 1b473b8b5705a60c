/** Where an agent is written: the file, and the lines of its parts. */
import { z } from 'zod'
import { readText } from '../../documents/text-file.ts'
import { readYaml } from '../../documents/yaml.ts'
import type { Path, Places } from '../../documents/yaml-places.ts'
import type { App } from '../app.ts'
import type { FoundAgent } from '../named-agents.ts'

export const placeShape = z.object({
  /** A path; or, for what a program gave, words. */
  file: z.string(),
  /** From 1; absent where there is no file. */
  line: z.number().exactOptional(),
})
export type Place = z.infer<typeof placeShape>

export interface WrittenAgent {
  place: Place
  /** Where a part of the agent is written, named as in YAML: `retry`, `attempts`; undefined: it is not written there. */
  placeOf(...path: Path): Place | undefined
}

/** Undefined: nobody can tell. */
export async function writtenAgent(app: Pick<App, 'config'>, found: FoundAgent): Promise<WrittenAgent | undefined> {
  const { name, workflowFile } = found
  if (workflowFile !== undefined) {
    const text = await readText(workflowFile, 'workflow').catch(() => undefined)
    return text === undefined ? undefined : inPlaces(readYaml(text, workflowFile).places, workflowFile, name, true)
  }
  const layer = (await app.config()).originOf(['agents', name])?.layer
  if (!layer) return undefined
  return inPlaces(layer.places, layer.file, name, layer.scope !== 'given' && layer.scope !== 'sdk')
}

function inPlaces(places: Places, file: string, name: string, isFile: boolean): WrittenAgent {
  const at = (path: Path): Place => {
    const { line } = places.problem(path, { code: 'place', message: '', at: 'key' })
    return isFile ? { file, line } : { file }
  }
  return {
    place: at(['agents', name]),
    placeOf: (...path) => (places.has(['agents', name, ...path]) ? at(['agents', name, ...path]) : undefined),
  }
}
