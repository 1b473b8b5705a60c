/** A model's readme: what its owner wrote, or for the sandbox's own what can be said of them. */
import type { Field } from '../catalogue/fields.ts'
import type { ModelFacts } from './view-model.ts'

/** Markdown. */
export function readmeOf({ name, description, own, given }: ModelFacts): string {
  if (own) return own.readme
  const inputs = Object.entries(given?.fields ?? {}).map(
    ([field, about]) => `- \`${field}\` (${kindOf(about)}): ${about.description}`,
  )
  const example = `\`\`\`json\n${JSON.stringify(given?.example, null, 2)}\n\`\`\``
  return `# ${name}\n\n${description}\n\nThis is the sandbox's stand-in for the model.\n\n## Inputs\n\n${inputs.join('\n')}\n\n## Example\n\n${example}\n`
}

function kindOf(field: Field): string {
  const kind = field.file ? (field.type === 'array' ? 'files' : 'file') : field.type
  return field.required ? `${kind}, required` : kind
}
