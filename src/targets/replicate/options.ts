/** How the Replicate target is set up. */
import type { PriceBook } from '../../domain/price.ts'
import type { VersionChooser } from '../../domain/version-pin.ts'
import type { Clock } from '../../std/clock.ts'
import type { Random } from '../../std/random.ts'
import type { Wire } from './wire.ts'

export const officialUrl = 'https://api.replicate.com/v1'

export interface RequestGate {
  /** Resolves when one more may go. */
  take(signal: AbortSignal): Promise<void>
  /** The API refused one (429). `allowed`: what it said that it lets through in a minute. */
  pause(ms: number, allowed?: number): void
}

export interface ReplicateOptions {
  /** Empty or absent: every call fails with `missing_token`. */
  token?: string | undefined
  /** Up to and with `/v1`. Default: https://api.replicate.com/v1. */
  baseUrl?: string | undefined
  userAgent?: string | undefined
  /** Carries the bytes; closed with the target. Default: the network. */
  wire?: Wire
  clock: Clock
  random: Random
  prices: PriceBook
  /** Decides which version a run takes that has none yet; default: the one that is current. */
  versions?: VersionChooser
  /** Holds back requests that create and cancel nothing; default: nothing does. */
  requests?: RequestGate
  /** Seconds that a create may hold its connection for a quick answer (`Prefer: wait`), 0 to 60; 0: none. Default 1. */
  wait_seconds?: number
  /** Bytes that one output file may have. Default 2 GiB. */
  max_file_bytes?: number
}
