/** Rounding as people do it on paper. */
import { finite } from '../arithmetic.ts'
import { Fault } from '../fault.ts'

/** Half away from zero, on the decimal digits as they are written: 2.5 is 3, -2.5 is -3, 1.005 to 2 digits is 1.01. */
export function roundTo(value: number, digits: number): number {
  if (!Number.isInteger(digits) || Math.abs(digits) > 20) {
    throw new Fault('out_of_range', `round wants a whole number of digits from -20 to 20, not ${digits}`)
  }
  const [mantissa, exponent = '0'] = String(Math.abs(value)).split('e')
  const shifted = Math.round(Number(`${mantissa}e${Number(exponent) + digits}`))
  if (!Number.isFinite(shifted)) return value
  const [coefficient, power = '0'] = String(shifted).split('e')
  const rounded = Number(`${coefficient}e${Number(power) - digits}`)
  return finite(value < 0 ? -rounded : rounded)
}
