/** The number that a model answered with: as such, as the `score` of an object, in text, or in pieces of text. */
import { isObject, type Json } from './json.ts'

// Neither `8/10` nor `80%` is a number from 0 to 1.
const scoreInJson = /"score"\s*:\s*(\d+(?:\.\d+)?)(?![\d/%])/
const leadingScore = /^\W*(?:score\s*[:=]\s*)?(\d+(?:\.\d+)?)(?![\d/%])/i

/** What was answered itself where there is no number in it. */
export function numberIn(answer: Json): Json {
  const said = Array.isArray(answer) ? answer.join('') : answer
  if (typeof said !== 'string') return isObject(said) && 'score' in said ? said['score'] : said
  const found = scoreInJson.exec(said) ?? leadingScore.exec(said)
  return found ? Number(found[1]) : said
}
