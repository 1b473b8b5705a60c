/** The workflow that `init` writes: small, commented, and runnable in the sandbox as it is. */

export function starterWorkflow(name: string): string {
  return `# A first workflow: one sentence becomes a slogan and, from the same sentence, a picture.
#
#   replicate-agent run ${name} --sandbox
#   replicate-agent run ${name} --sandbox -i topic="a lighthouse in a storm"
name: ${name}
version: 0.1.0
description: A slogan and a picture for a topic.

inputs:
  topic:
    type: string
    description: What it is about
    default: a small bakery that opens at four in the morning

steps:
  # Both steps need only the input, so they run at the same time.
  slogan:
    model: meta/meta-llama-3-8b-instruct
    input:
      prompt: "Write one short slogan for: \${{ inputs.topic }}"
      max_tokens: 60

  picture:
    model: black-forest-labs/flux-schnell
    input:
      prompt: \${{ inputs.topic }}
      output_format: png
    retry: {attempts: 3}

outputs:
  slogan: \${{ trim(steps.slogan.output) }}
  picture: \${{ first(steps.picture.output) }}
`
}
