/** `content_filter`: looks for words in what is asked and answered, or has an agent judge it, and refuses or masks. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { NonRetryableError } from '../../domain/errors.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { numberIn } from '../../std/number-in.ts'
import type { CallTools, Plugin, SetupTools } from '../plugin.ts'
import { mapTexts } from './map-texts.ts'
import { createWordFinder, type WordFinder } from './word-finder.ts'

const sides = ['input', 'output', 'both'] as const

const classifierOptions = {
  agent: z.string({ error: 'must be the name of an agent or model' }).min(1).optional(),
  field: z.string({ error: 'must be the name of an input' }).min(1).default('prompt'),
  score: z.string({ error: 'must be an expression over `output`' }).optional(),
  threshold: z.number({ error: 'must be a number' }).default(0.5),
}

const options = z
  .strictObject({
    words: z.array(z.string({ error: 'must be text' }).min(1), { error: 'must be a list of words' }).default([]),
    file: z.string({ error: 'must be the path of a file' }).optional(),
    whole_word: z.boolean({ error: 'must be true or false' }).default(true),
    direction: z.enum(sides, { error: `must be ${sides.join(', ')}` }).default('both'),
    action: z.enum(['refuse', 'mask'], { error: 'must be refuse or mask' }).default('refuse'),
    mask: z.string({ error: 'must be text' }).default('***'),
    ...classifierOptions,
  })
  .superRefine(({ words, file, agent, action, score }, context) => {
    const fault = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path })
    if (words.length === 0 && file === undefined && agent === undefined)
      fault('has nothing to look for: give it `words`, a `file` of words or an `agent`')
    if (agent !== undefined && action === 'mask') fault('an agent can only have things refused, not masked', 'action')
    if (agent === undefined && score !== undefined) fault('is over what an `agent` says, and there is none', 'score')
  })
type Options = z.output<typeof options>

interface State {
  words: WordFinder | undefined
  scoreOf(output: Json): Json
}

type Tools = CallTools<Options, State>

export const contentFilter: Plugin<Options, State> = {
  name: 'content_filter',
  description: 'refuses or masks words in what is asked and answered, or asks an agent about it',
  options,
  hooks: {
    async setup(tools) {
      const words = await wordsOf(tools)
      const score = tools.options.score === undefined ? undefined : tools.expression(tools.options.score)
      return {
        words: words.length === 0 ? undefined : createWordFinder(words, tools.options.whole_word),
        scoreOf: score ? (output) => score({ output }) : numberIn,
      }
    },
    async agent_pre_execute(context, tools) {
      if (tools.options.direction === 'output') return undefined
      const found = look(context.input, tools)
      if (found.refused) return tools.refuse('its input has a word that is not allowed')
      const why = await judge(context.input, tools, 'its input')
      if (why !== undefined) return tools.refuse(why)
      return found.masked === undefined ? undefined : { ...context, input: found.masked as JsonObject }
    },
    async agent_post_execute(_context, result, tools) {
      if (tools.options.direction === 'input') return undefined
      const found = look(result.output, tools)
      if (found.refused) return tools.withhold('it has a word that is not allowed')
      const why = await judge(result.output, tools, 'it')
      if (why !== undefined) return tools.withhold(why)
      return found.masked === undefined ? undefined : { ...result, output: found.masked }
    },
  },
}

/** One word or phrase a line; empty lines and those that begin with # are none. */
async function wordsOf({ options: { words, file }, folder }: SetupTools<Options>): Promise<string[]> {
  if (file === undefined) return words
  const path = resolve(folder, file)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new NonRetryableError(
      'plugin_failed',
      `its file of words, ${path}, can't be read${code === 'ENOENT' ? ': it is not there' : ` (${code})`}`,
      {
        cause: error,
      },
    )
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const listed = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (listed.length === 0 && words.length === 0)
    throw new NonRetryableError('plugin_failed', `its file of words, ${path}, has none`)
  return [...words, ...listed]
}

function look(
  value: Json,
  { options: { action, mask }, state: { words } }: Tools,
): { refused: boolean; masked?: Json } {
  if (!words) return { refused: false }
  if (action === 'refuse') return { refused: hasText(value, (text) => words.has(text)) }
  if (isPieces(value)) {
    const text = value.join('')
    const put = words.masked(text, mask)
    return { refused: false, ...(put !== text && { masked: [put] }) }
  }
  let count = 0
  const masked = mapTexts(value, (text) => {
    const put = words.masked(text, mask)
    if (put !== text) count += 1
    return put
  })
  return count === 0 ? { refused: false } : { refused: false, masked }
}

function hasText(value: Json, test: (text: string) => boolean): boolean {
  if (isPieces(value)) return test(value.join(''))
  let found = false
  mapTexts(value, (text) => {
    found ||= test(text)
    return text
  })
  return found
}

/** What models that stream put out: text in pieces, with words that go over several of them. */
function isPieces(value: Json): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Why it is refused, as the agent has it. */
async function judge(value: Json, tools: Tools, what: string): Promise<string | undefined> {
  const { agent, field, threshold } = tools.options
  if (agent === undefined) return undefined
  const text = isPieces(value) ? value.join('') : typeof value === 'string' ? value : JSON.stringify(value)
  const { output } = await tools.ask({ agent, input: { [field]: text } })
  const score = tools.state.scoreOf(output)
  const number = typeof score === 'boolean' ? Number(score) : score
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new NonRetryableError(
      'plugin_failed',
      `"${agent}" gave no score, but ${JSON.stringify(score)?.slice(0, 100) ?? 'nothing'}`,
    )
  return number >= threshold ? `"${agent}" gives ${what} ${number}, and ${threshold} is too much` : undefined
}
