/** What a prediction costs: an estimate when it is created, the exact figure once it has ended. */
import type { Json, JsonObject } from '../../std/json.ts'
import type { CatalogueModel, ModelAnswer } from '../catalogue/model.ts'
import { usdPerSecond } from '../catalogue/hardware.ts'
import { roundUsd } from '../store/prediction-rows.ts'

/** From the input alone: as many images as asked for, a typical 150 tokens of answer. */
export function estimateCharge(model: CatalogueModel, input: JsonObject, seconds: number): number {
  const price = model.price
  if (price.per === 'image') return roundUsd(price.usd * imagesAsked(input))
  if (price.per === 'second') return secondsCharge(model, seconds)
  const characters = JSON.stringify(input).length
  if (price.per === 'characters') return roundUsd((price.usdPerThousand * characters) / 1_000)
  return roundUsd((price.inputUsdPerMillion * characters * 0.25 + price.outputUsdPerMillion * 150) / 1e6)
}

export function exactCharge(model: CatalogueModel, answer: ModelAnswer, seconds: number): number {
  const price = model.price
  const metric = (name: string): number => Number(answer.metrics?.[name] ?? 0)
  if (price.per === 'image') return roundUsd(price.usd * (answer.files?.length ?? 0))
  if (price.per === 'second') return secondsCharge(model, seconds)
  if (price.per === 'characters') return roundUsd((price.usdPerThousand * metric('character_count')) / 1_000)
  const tokens =
    price.inputUsdPerMillion * metric('input_token_count') + price.outputUsdPerMillion * metric('output_token_count')
  return roundUsd(tokens / 1e6)
}

/** Failed: only machine time is billed. Canceled: what ran is billed; a unit price is not divided. */
export function unfinishedCharge(
  model: CatalogueModel,
  status: 'failed' | 'canceled' | 'aborted',
  seconds: number,
  estimate: number,
): number {
  if (model.price.per === 'second') return secondsCharge(model, seconds)
  return status === 'canceled' && seconds > 0 ? estimate : 0
}

function secondsCharge(model: CatalogueModel, seconds: number): number {
  return roundUsd(seconds * usdPerSecond(model.hardware))
}

function imagesAsked(input: JsonObject): number {
  const asked: Json | undefined = input['num_outputs'] ?? input['max_images'] ?? 1
  return typeof asked === 'number' ? asked : 1
}
