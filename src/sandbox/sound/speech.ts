/** Speech of a kind: vowels by formants over a buzzing voice, consonants as hums, hisses and stops; its length follows the text. */
import { seededRandom } from '../../std/random.ts'
import { seedFrom } from '../seed.ts'
import type { Sound } from './wav.ts'

const sampleRate = 16_000
const tableSize = 512

/** Formants of the vowels in Hz, and the hum of m, n, l, r. */
const formants: Record<string, readonly [number, number, number]> = {
  a: [750, 1250, 2600],
  e: [500, 1850, 2500],
  i: [300, 2250, 2950],
  o: [480, 900, 2500],
  u: [330, 800, 2300],
  y: [320, 2000, 2600],
  m: [260, 1000, 2200],
}
const hisses = 'sfhzcxvß'
const hums = 'mnlrw'

export interface Voice {
  /** Any name; decides pitch and colour. Kokoro's `am_`/`bm_` are low, `af_`/`bf_` high. */
  name: string
  /** 1 is normal. */
  speed: number
}

/** About 170 words a minute at speed 1, at most 10 minutes. */
export function speak(text: string, voice: Voice): Sound {
  const speed = Math.min(4, Math.max(0.25, voice.speed))
  const pitch = pitchOf(voice.name)
  const tables = new Map(Object.entries(formants).map(([vowel, peaks]) => [vowel, waveTable(peaks, pitch)]))
  const noise = seededRandom(seedFrom(`noise ${voice.name}`))
  const parts = partsOf(text, speed)
  const total = Math.min(
    600 * sampleRate,
    parts.reduce((sum, part) => sum + part.length, 0),
  )
  const samples = new Float32Array(total)
  let at = 0
  let phase = 0
  for (const part of parts) {
    const table = part.kind === 'voiced' ? tables.get(part.sound) : undefined
    for (let step = 0; step < part.length && at < total; step += 1, at += 1) {
      const envelope = Math.min(1, step / 160, (part.length - step) / 200)
      // the voice falls within a sentence and wavers a little
      const bend = 1 + part.rise * 0.18 + 0.015 * Math.sin(at / 480)
      phase = (phase + (pitch * bend * tableSize) / sampleRate) % tableSize
      if (table) samples[at] = (table[phase | 0] ?? 0) * part.level * envelope
      else if (part.kind === 'noise') samples[at] = (noise() * 2 - 1) * part.level * envelope
    }
  }
  return { sampleRate, samples, text }
}

interface Part {
  kind: 'voiced' | 'noise' | 'silence'
  sound: string
  level: number
  length: number
  /** How far above its resting pitch the voice is here. */
  rise: number
}

function partsOf(text: string, speed: number): Part[] {
  const parts: Part[] = []
  const add = (kind: Part['kind'], ms: number, level = 0, sound = '', rise = 0): void => {
    parts.push({ kind, sound, level, length: Math.round((ms * sampleRate) / 1_000 / speed), rise })
  }
  let place = 0
  add('silence', 120)
  for (const sign of text.toLowerCase().normalize('NFD')) {
    place += 1
    const rise = Math.max(-0.6, 0.6 - place / 70)
    if ('aeiouy'.includes(sign)) add('voiced', 88, 0.55, sign, rise)
    else if (/[0-9]/.test(sign)) add('voiced', 130, 0.5, 'aeiou'[Number(sign) % 5] ?? 'a', rise)
    else if (hums.includes(sign)) add('voiced', 58, 0.26, 'm', rise)
    else if (hisses.includes(sign)) add('noise', 62, 0.09)
    else if (/[a-z]/.test(sign)) {
      add('silence', 22)
      add('noise', 16, 0.16)
    } else if (/[.!?\n]/.test(sign)) {
      add('silence', 280)
      place = 0
    } else if (/[,;:–—]/.test(sign)) add('silence', 150)
    else if (sign === ' ') add('silence', 34)
  }
  add('silence', 200)
  return parts
}

function pitchOf(name: string): number {
  const spread = (seedFrom(`pitch ${name}`) % 40) - 20
  if (/^[abefhijpz]m_|\b(man|male|deep|wise_man|casual_guy)\b/i.test(name)) return 112 + spread
  return (/^[abefhijpz]f_|\b(woman|female|girl|lady)\b/i.test(name) ? 205 : 160) + spread
}

/** One period of the voice with the given resonances. */
function waveTable(peaks: readonly number[], pitch: number): Float32Array {
  const table = new Float32Array(tableSize)
  for (let harmonic = 1; harmonic * pitch < sampleRate / 2.2 && harmonic < 60; harmonic += 1) {
    const frequency = harmonic * pitch
    const gain = peaks.reduce(
      (sum, peak, at) => sum + 1 / (1 + ((frequency - peak) / (90 + at * 40)) ** 2) / (at + 1),
      0.03,
    )
    for (let at = 0; at < tableSize; at += 1) {
      table[at] =
        (table[at] as number) + (gain * Math.sin((2 * Math.PI * harmonic * at) / tableSize)) / Math.sqrt(harmonic)
    }
  }
  const loudest = table.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
  return table.map((value) => value / loudest)
}
