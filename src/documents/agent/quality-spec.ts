/** How an agent's answers are scored, as written → as kept. */
import { z } from 'zod'
import type { JudgePolicy, QualityPolicy } from '../../domain/routing.ts'
import type { JsonObject } from '../../std/json.ts'
import { fields, share, strict, text, words } from '../spec-fields.ts'

const judgeSpec = z
  .union(
    [
      z.string({ error: 'must be the name of an agent or model' }).min(1),
      strict(
        'judge',
        {
          agent: z
            .string({ error: 'must be the name of an agent or model' })
            .min(1, { error: 'must be the name of an agent or model' })
            .register(...words('The agent or model that judges.')),
          input: fields('What it is sent; ${{ }} may read input, output, model, cost_usd and latency_ms.').optional(),
          score: text('An expression over its `output` that gives a number from 0 to 1.').optional(),
          sample: share('The share of answers that it sees; 1 by default.').optional(),
        },
        'An agent that is asked what an answer is worth.',
      ),
    ],
    { error: 'must be the name of an agent, or a mapping with `agent`' },
  )
  .register(...words('An agent that is asked what an answer is worth.'))

const description = 'What says how good an answer is: an `expression` or a `judge`.'

export const qualitySpec = strict(
  undefined,
  {
    expression: text(
      'An expression over input, output, model, cost_usd and latency_ms: a number from 0 to 1, or true or false.',
    ).optional(),
    judge: judgeSpec.optional(),
    accept: share('A worse answer is a failure of quality, and the next candidate is asked.').optional(),
  },
  description,
  'must be a mapping, as in `quality: {judge: critic}`',
)
  .superRefine(({ expression, judge }, context) => {
    if ((expression === undefined) !== (judge === undefined)) return
    const what = judge === undefined ? 'has neither an `expression` nor a `judge`' : 'has both `expression` and `judge`'
    context.addIssue({ code: 'custom', message: `${what}: give it one`, params: { code: 'wrong_quality' } })
  })
  .meta({ id: 'quality', description })

export type QualitySpec = z.infer<typeof qualitySpec>

/** What a judge is sent that is given no input of its own. */
const defaultRequest = `Judge how well an answer does what was asked. Answer with JSON only: {"score": <a number from 0 to 1>}, where 0 is useless and 1 is as good as it can be.

What was asked:
\${{ input }}

The answer:
\${{ output }}`

export function normaliseQuality({ expression, judge, accept }: QualitySpec): QualityPolicy {
  const policy: QualityPolicy = {}
  if (expression !== undefined) policy.expression = expression
  if (judge !== undefined) policy.judge = normaliseJudge(typeof judge === 'string' ? { agent: judge } : judge)
  if (accept !== undefined) policy.accept = accept
  return policy
}

function normaliseJudge({
  agent,
  input,
  score,
  sample,
}: Exclude<QualitySpec['judge'], string | undefined>): JudgePolicy {
  const policy: JudgePolicy = {
    agent,
    input: (input ?? { prompt: defaultRequest }) as JsonObject,
    sample: sample ?? 1,
  }
  if (score !== undefined) policy.score = score
  return policy
}
