/** A price as people read it: `$0.003 an output`, `$0.05 / $0.25 per million tokens`. */
import type { PriceOrigin, Rates } from '../../../domain/price.ts'
import { shortPath } from './problem.ts'

/** Significant digits, never an exponent. */
export function plainUsd(usd: number): string {
  return `$${usd.toLocaleString('en-US', { maximumSignificantDigits: 6, useGrouping: false })}`
}

/** `?`: the price of its hardware is unknown. */
export function priceText(rates: Rates | undefined, hardware?: string): string {
  if (!rates) return `? a second (${hardware ?? ''})`
  const parts: string[] = []
  const part = (usd: number | undefined, unit: string, times = 1) => {
    if (usd !== undefined) parts.push(`${plainUsd(usd * times)} ${unit}`)
  }
  part(rates.usd_per_call, 'a call')
  part(rates.usd_per_second, hardware === undefined ? 'a second' : `a second (${hardware})`)
  part(rates.usd_per_output, 'an output')
  part(rates.usd_per_output_second, 'a second of output')
  part(rates.usd_per_input_character, 'per thousand characters', 1e3)
  const { usd_per_input_token: input, usd_per_output_token: output } = rates
  if (input !== undefined && output !== undefined)
    parts.push(`${plainUsd(input * 1e6)} / ${plainUsd(output * 1e6)} per million tokens`)
  else {
    part(input, 'per million input tokens', 1e6)
    part(output, 'per million output tokens', 1e6)
  }
  return parts.join(' + ')
}

/** `built in`, `agent writer`, `project replicate-agent.yaml:12`. */
export function originText(
  from: { kind: PriceOrigin['kind']; file?: string | undefined; line?: number | undefined; agent?: string | undefined },
  cwd: string,
): string {
  if (from.kind === 'built_in') return 'built in'
  if (from.kind === 'agent') return from.agent === undefined ? 'agent' : `agent ${from.agent}`
  return `${from.kind} ${shortPath(from.file ?? '', cwd)}:${from.line ?? 1}`
}
