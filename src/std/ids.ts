/** Ids that sort by time: 10 characters of milliseconds and 10 random ones, Crockford base 32 as in ULID. */
import type { Random } from './random.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

export function timeSortedId(now: number, random: Random): string {
  let time = ''
  for (let rest = Math.max(0, Math.floor(now)), digit = 0; digit < 10; digit += 1) {
    time = alphabet[rest % 32] + time
    rest = Math.floor(rest / 32)
  }
  let noise = ''
  for (let digit = 0; digit < 10; digit += 1) noise += alphabet[Math.floor(random() * 32)]
  return time + noise
}
