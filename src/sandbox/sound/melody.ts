/** A small tune from a prompt: its mood picks the scale, its pace the tempo; chords below, a melody above. */
import type { Random } from '../../std/random.ts'
import type { Sound } from './wav.ts'

const sampleRate = 22_050
const scales = { bright: [0, 2, 4, 5, 7, 9, 11], dark: [0, 2, 3, 5, 7, 8, 10] } as const
const progressions = [
  [0, 4, 5, 3],
  [0, 5, 3, 4],
  [0, 3, 4, 3],
  [5, 3, 0, 4],
] as const

export function compose(prompt: string, seconds: number, random: Random): Sound {
  const isDark = /\b(sad|dark|slow|melanchol\w*|minor|gloomy|night|rain|tense|horror|lonely)\b/i.test(prompt)
  const isFast = /\b(fast|energetic|upbeat|dance|techno|happy|rock|drum|electro\w*|party)\b/i.test(prompt)
  const scale = isDark ? scales.dark : scales.bright
  const beat = 60 / ((isFast ? 126 : isDark ? 72 : 96) + Math.floor(random() * 8))
  const root = 48 + Math.floor(random() * 7)
  const chords = progressions[Math.floor(random() * progressions.length)] ?? progressions[0]
  const samples = new Float32Array(Math.round(Math.min(30, Math.max(1, seconds)) * sampleRate))
  const frequency = (degree: number, octave: number): number => {
    const step = scale[((degree % 7) + 7) % 7] as number
    return 440 * 2 ** ((root + step + 12 * (octave + Math.floor(degree / 7)) - 69) / 12)
  }
  let degree = 0
  for (let at = 0; at * beat < samples.length / sampleRate; at += 1) {
    const chord = chords[Math.floor(at / 4) % chords.length] as number
    if (at % 4 === 0)
      for (const part of [0, 2, 4]) pluck(samples, at * beat, beat * 4, frequency(chord + part, 0), 0.1, 2.2)
    pluck(samples, at * beat, beat, frequency(chord, -1), 0.16, 5)
    for (const half of random() < (isFast ? 0.6 : 0.3) ? [0, 0.5] : [0]) {
      degree = nextDegree(degree, chord, at % 2 === 0, random)
      pluck(samples, (at + half) * beat, beat * 1.2, frequency(degree, 1), 0.2, 4)
    }
  }
  return { sampleRate, samples: faded(samples), text: prompt }
}

/** On the strong beats a note of the chord, else a step up or down. */
function nextDegree(degree: number, chord: number, strong: boolean, random: Random): number {
  if (strong) return chord + ([0, 2, 4][Math.floor(random() * 3)] ?? 0)
  return Math.min(9, Math.max(-2, degree + (random() < 0.5 ? -1 : 1)))
}

function pluck(
  samples: Float32Array,
  from: number,
  seconds: number,
  frequency: number,
  level: number,
  decay: number,
): void {
  const start = Math.round(from * sampleRate)
  const length = Math.min(samples.length - start, Math.round(seconds * sampleRate))
  const turn = (2 * Math.PI * frequency) / sampleRate
  for (let at = 0; at < length; at += 1) {
    const envelope = Math.min(1, at / 200) * Math.exp((-decay * at) / sampleRate) * Math.min(1, (length - at) / 400)
    const wave = Math.sin(turn * at) + 0.4 * Math.sin(2 * turn * at) + 0.15 * Math.sin(3 * turn * at)
    samples[start + at] = (samples[start + at] as number) + wave * envelope * level
  }
}

function faded(samples: Float32Array): Float32Array {
  const tail = Math.min(samples.length, sampleRate / 2)
  return samples.map((sample, at) => sample * Math.min(1, (samples.length - at) / tail))
}
