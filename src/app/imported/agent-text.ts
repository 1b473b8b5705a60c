/** An agent as YAML: one line for what is short, a block for what is not. */
import { type Document, isMap, isSeq, type Node, type Pair } from 'yaml'
import type { JsonObject } from '../../std/json.ts'

/** Characters that a mapping may have to stand on its line. */
const longestFlow = 110

/** `name: …`, with `indent` spaces before each line; ends with a newline. */
export async function agentText(name: string, agent: JsonObject, comment: string, indent: number): Promise<string> {
  const { Document } = await import('yaml')
  const document = new Document({ [name]: agent }, { version: '1.2' })
  flatten(document.contents as Node, document, 0)
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false, indent: 2 })
  const lines = [`# ${comment}`, ...text.trimEnd().split('\n')]
  return lines.map((line) => (line === '' ? '\n' : `${' '.repeat(indent)}${line}\n`)).join('')
}

/** The agent itself and the schema at its head stay blocks; below, what fits into a line is one. */
function flatten(node: Node, document: Document, depth: number): void {
  if (!isMap(node) && !isSeq(node)) return
  if (depth > 1 && document.createNode(node.toJS(document), { flow: true }).toString().length <= longestFlow) {
    node.flow = true
    return
  }
  for (const item of node.items) {
    const value = isMap(node) ? (item as Pair<Node, Node | null>).value : (item as Node)
    if (value) flatten(value, document, depth + 1)
  }
}
