/** Puts an agent into the text of a configuration: everything else in it stays as it is, comments and layout included. */
import { isMap, isScalar, type Pair, parseDocument, type ParsedNode, type YAMLMap } from 'yaml'
import { columnOf, contentEnd, ended, lineEnd, lineStart } from '../../documents/text-lines.ts'
import { readYaml } from '../../documents/yaml.ts'
import { NonRetryableError } from '../../domain/errors.ts'
import { ProblemsError } from '../../domain/problem.ts'
import { isObject, jsonEqual, type JsonObject } from '../../std/json.ts'
import { agentText } from './agent-text.ts'

/** How the comment above an imported agent begins. */
export const importedFrom = 'imported from '

export interface NewAgent {
  name: string
  /** As it is written. */
  spec: JsonObject
  /** One line, put above it. */
  comment: string
}

export interface PutAgent {
  /** The whole file with the agent in it. */
  text: string
  /** What stood under the name before. */
  before?: JsonObject
}

/** What is in the text; an empty file says nothing. Throws ProblemsError `invalid_config` for what is no plain YAML. */
export function readConfigData(text: string, file: string): JsonObject {
  const { data, problems } = readYaml(text, file, { emptyHint: '' })
  if (problems.length === 1 && problems[0]?.code === 'empty_file') return {}
  if (problems.length > 0) throw new ProblemsError('invalid_config', problems)
  if (isObject(data)) return data
  throw new NonRetryableError('invalid_config', `${file} is no configuration: it is not a mapping at its top`, {
    hint: 'it begins with `agents:`',
  })
}

/** Replaces an agent of that name. Throws `invalid_config` when the file is written in a way that leaves no place for it. */
export async function putAgent(text: string, agent: NewAgent, file: string): Promise<PutAgent> {
  const data = readConfigData(text, file)
  const agents = isObject(data['agents']) ? data['agents'] : {}
  const wanted = { ...data, agents: { ...agents, [agent.name]: agent.spec } }
  const before = Object.hasOwn(agents, agent.name) ? (agents[agent.name] as JsonObject) : undefined
  for (const attempt of [spliced, rewritten]) {
    // Where an alias or an anchor stands in the way, the YAML package throws.
    const next = await attempt(text, agent).catch(() => undefined)
    if (next === undefined) continue
    const { data: written, problems } = readYaml(next, file)
    // What was put in must be read back, and nothing else may have changed.
    if (problems.length === 0 && jsonEqual(written, wanted)) return { text: next, ...(before && { before }) }
  }
  throw new NonRetryableError('invalid_config', `${file} is written in a way that leaves no place for an agent`, {
    hint: `write it there yourself; \`agents import --to FILE\` writes it into another file`,
  })
}

/** As it would be typed in: at the end of `agents:`, or in the place of the one that is replaced. */
async function spliced(text: string, { name, spec, comment }: NewAgent): Promise<string> {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const write = async (indent: number) => (await agentText(name, spec, comment, indent)).replaceAll('\n', newline)
  const root = parseDocument<ParsedNode>(text, { uniqueKeys: false, logLevel: 'silent' }).contents
  const pair = isMap(root) ? pairOf(root, 'agents') : undefined
  if (!pair) return `${ended(text, newline)}${text.trim() === '' ? '' : newline}agents:${newline}${await write(2)}`
  const { value } = pair
  if (!isMap(value) || value.flow === true) {
    const at = lineEnd(text, value?.range[0] ?? 0)
    const isEmptyFlow = isMap(value) && value.items.length === 0
    const head = isEmptyFlow ? text.slice(0, value.range[0]) + text.slice(value.range[1], at) : text.slice(0, at)
    return ended(head, newline) + (await write(2)) + text.slice(at)
  }
  const map = value
  const [first] = map.items
  const indent = first ? columnOf(text, first.key.range[0]) : 2
  const at = map.items.findIndex((item) => isScalar(item.key) && item.key.value === name)
  const end = contentEnd(text, map.range[2], indent)
  if (at === -1) return ended(text.slice(0, end), newline) + (await write(indent)) + text.slice(end)
  const item = map.items[at] as Pair<ParsedNode, ParsedNode | null>
  const next = map.items[at + 1]
  const from = withImportComment(text, lineStart(text, item.key.range[0]))
  const until = next ? contentEnd(text, lineStart(text, next.key.range[0]), indent + 1) : end
  return text.slice(0, from) + (await write(indent)) + text.slice(until)
}

/** By the YAML package, which keeps comments, but lays the file out anew. */
async function rewritten(text: string, { name, spec }: NewAgent): Promise<string> {
  const document = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' })
  document.setIn(['agents', name], document.createNode(spec))
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function pairOf(map: YAMLMap.Parsed, name: string): Pair<ParsedNode, ParsedNode | null> | undefined {
  return map.items.find((item) => isScalar(item.key) && item.key.value === name)
}

/** The line above, when it says where an earlier import had the agent from. */
function withImportComment(text: string, from: number): number {
  const above = lineStart(text, from - 1)
  return from > 0 && text.slice(above, from).trimStart().startsWith(`# ${importedFrom}`) ? above : from
}
