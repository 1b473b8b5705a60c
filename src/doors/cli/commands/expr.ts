/** `expr`: evaluates or checks an expression, or a file of them. */
import { resolve } from 'node:path'
import { checkExpr } from '../../../app/actions/expr/check.ts'
import { evaluateExpr } from '../../../app/actions/expr/evaluate.ts'
import type { App } from '../../../app/app.ts'
import { ReplicateAgentError, UsageError } from '../../../domain/errors.ts'
import { isObject, type Json, type JsonObject } from '../../../std/json.ts'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { readJsonObject, readTextFile } from '../json-argument.ts'
import { flag, optional, text } from '../option.ts'
import { complaintLines } from '../output/problem.ts'
import { printable } from '../output/printable.ts'

export const expr = defineCommand({
  description:
    'Evaluates an expression of the workflow language. Strings are printed as they are, everything else as JSON.',
  args: { expression: optional("such as 'len(output) > 100 and cost < 0.01'; put -- before one that begins with -") },
  options: {
    vars: text('--vars <json>', 'the data that it reads: a JSON object, @FILE, or - for stdin'),
    check: flag('--check', 'only check it; with --vars, names must be known'),
    batch: text('--batch <file>', 'a JSON line {"expr", "vars"} each, or - for stdin; prints a JSON line each'),
    json: flag('--json', 'print {"value": …} or {"error": {code, message, line, column}}'),
  },
  examples: [
    {
      command: 'replicate-agent expr \'len(output) > 3 and cost < 0.01\' --vars \'{"output": "tea", "cost": 0.002}\'',
      what: 'a condition',
    },
    { command: "replicate-agent expr 'items[-1].name' --vars @data.json", what: 'data from a file' },
    { command: 'replicate-agent expr --batch cases.jsonl', what: 'many at once' },
  ],
  async run(context, { expression, vars, check, batch }) {
    const app = await context.app({ config: false })
    if (batch !== undefined) {
      if (expression !== undefined) throw new UsageError('give an expression or --batch, not both')
      return runBatch(context, app, batch)
    }
    if (expression === undefined)
      throw new UsageError('an expression is missing', { hint: "such as: replicate-agent expr '1 + 2'" })
    const data = vars === undefined ? undefined : await readJsonObject(context, vars, '--vars')
    if (check) return runCheck(context, app, expression, data)
    return runOne(context, app, expression, data ?? {})
  },
})

async function runOne(context: CommandContext, app: App, expression: string, vars: JsonObject): Promise<number> {
  if (!context.json) {
    const { value } = await context.call(app, evaluateExpr, { expr: expression, vars })
    context.print(typeof value === 'string' ? (context.stdout.isTTY ? printable(value) : value) : JSON.stringify(value))
    return 0
  }
  const outcome = await outcomeOf(context, app, { expr: expression, vars })
  context.printJson(outcome)
  return 'value' in outcome ? 0 : 3
}

async function runCheck(
  context: CommandContext,
  app: App,
  expression: string,
  vars: JsonObject | undefined,
): Promise<number> {
  const checked = await context.call(app, checkExpr, { expr: expression, ...(vars && { vars }) })
  if (context.json) context.printJson(checked)
  else {
    for (const { line, column, severity, message, hint } of checked.problems) {
      const place = { line, column, source: expression.split('\n')[line - 1] }
      context.note(complaintLines({ severity, message, hint, place }, context.errorStyle, context.cwd).join('\n'))
    }
    if (checked.valid) context.print('valid')
  }
  return checked.valid ? 0 : 3
}

/** A line with an error does not stop the rest (ruling 32). */
async function runBatch(context: CommandContext, app: App, file: string): Promise<number> {
  const lines = (await readBatch(context, file)).split('\n')
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') continue
    const asked = readLine(line)
    const outcome = asked ? await outcomeOf(context, app, asked) : notAsked(at + 1)
    context.stdout.write(`${JSON.stringify(outcome)}\n`)
  }
  return 0
}

async function readBatch(context: CommandContext, file: string): Promise<string> {
  if (file === '-') return context.readStdin()
  try {
    return await readTextFile(resolve(context.cwd, file))
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

interface Asked {
  expr: string
  vars: JsonObject
}

function readLine(line: string): Asked | undefined {
  try {
    const asked = JSON.parse(line) as Json
    if (!isObject(asked) || typeof asked['expr'] !== 'string') return undefined
    const vars = asked['vars'] ?? {}
    return isObject(vars) ? { expr: asked['expr'], vars } : undefined
  } catch {
    return undefined
  }
}

type Outcome = { value: Json } | { error: JsonObject }

function notAsked(line: number): Outcome {
  return {
    error: {
      code: 'invalid_input',
      message: `line ${line} is no JSON object with "expr" and "vars"`,
      line: 1,
      column: 1,
    },
  }
}

async function outcomeOf(context: CommandContext, app: App, asked: Asked): Promise<Outcome> {
  try {
    return { value: (await context.call(app, evaluateExpr, asked)).value }
  } catch (error) {
    if (
      error instanceof ReplicateAgentError &&
      (error.code === 'invalid_expression' || error.code === 'expression_failed')
    )
      return { error: faultOf(error) }
    throw error
  }
}

function faultOf({ code, message, hint, details }: ReplicateAgentError): JsonObject {
  const { line = 1, column = 1, problem } = details ?? {}
  return { code, message, line, column, ...(problem !== undefined && { problem }), ...(hint !== undefined && { hint }) }
}
