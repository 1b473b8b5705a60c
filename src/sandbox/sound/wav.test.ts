import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../std/random.ts'
import { compose } from './melody.ts'
import { speak } from './speech.ts'
import { decodeWav, encodeWav, measureSound } from './wav.ts'

const voice = { name: 'af_bella', speed: 1 }

/** The note that a stretch of sound has most of, by autocorrelation. */
function pitch(samples: Float32Array, sampleRate: number, from: number): number {
  let best = 0
  let bestLag = 0
  for (let lag = Math.floor(sampleRate / 300); lag < sampleRate / 70; lag += 1) {
    let sum = 0
    for (let at = from; at < from + 800; at += 1) sum += (samples[at] ?? 0) * (samples[at + lag] ?? 0)
    if (sum > best) [best, bestLag] = [sum, lag]
  }
  return sampleRate / bestLag
}

describe('WAV', () => {
  it('has the sizes that its headers say, and reads back what was written', () => {
    const samples = Float32Array.from([0, 0.5, -0.5, 1, -1])
    const bytes = encodeWav({ sampleRate: 8_000, samples, text: 'Grüße' })
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
    const data = bytes.indexOf('data')
    expect(bytes.readUInt32LE(data + 4)).toBe(10)
    expect(data + 8 + 10).toBe(bytes.length)
    const read = decodeWav(bytes)
    expect(read).toMatchObject({ sampleRate: 8_000, text: 'Grüße' })
    for (const [at, sample] of samples.entries()) expect(read?.samples[at]).toBeCloseTo(sample, 3)
  })

  it('mixes channels, and knows nothing of other formats', () => {
    const stereo = encodeWav({ sampleRate: 8_000, samples: Float32Array.from([0.5, 0.1]) })
    stereo.writeUInt16LE(2, 22)
    expect(decodeWav(stereo)?.samples[0]).toBeCloseTo(0.3, 3)
    expect(decodeWav(Buffer.from('ID3.........................'))).toBeUndefined()
    expect(decodeWav(Buffer.alloc(0))).toBeUndefined()
  })
})

describe('speech', () => {
  it('is as long as its text and its speed make it, and audible', () => {
    const short = measureSound(speak('Hello there.', voice))
    const long = measureSound(speak('Hello there, and welcome to a much longer sentence than before.', voice))
    const fast = measureSound(
      speak('Hello there, and welcome to a much longer sentence than before.', { ...voice, speed: 2 }),
    )
    expect(long.seconds).toBeGreaterThan(short.seconds * 2)
    expect(fast.seconds).toBeCloseTo(long.seconds / 2, 1)
    expect(short.loudness).toBeGreaterThan(-30)
    expect(short.loudness).toBeLessThan(-6)
  })

  it('takes about as long as a person would', () => {
    const words = 'the quick brown fox jumps over the lazy dog and then it sleeps for a while in the warm sun'
    const { seconds } = measureSound(speak(words, voice))
    const perMinute = (words.split(' ').length / seconds) * 60
    expect(perMinute).toBeGreaterThan(130)
    expect(perMinute).toBeLessThan(230)
  })

  it('has the pitch of its voice', () => {
    const [high, low] = ['af_bella', 'am_adam'].map((name) => speak('aaaaaaaa', { name, speed: 0.5 }))
    const at = 16_000 * 0.5
    expect(pitch(high?.samples ?? new Float32Array(), 16_000, at)).toBeGreaterThan(
      pitch(low?.samples ?? new Float32Array(), 16_000, at) * 1.3,
    )
  })

  it('is the same each time', () => expect(speak('same', voice)).toEqual(speak('same', voice)))
})

describe('music', () => {
  it('lasts as long as asked for, follows its mood, and never clips hard', () => {
    const tune = compose('a happy dance', 3, seededRandom(1))
    expect(measureSound(tune).seconds).toBeCloseTo(3, 2)
    expect(tune.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThan(1.3)
    expect(compose('a happy dance', 3, seededRandom(1))).toEqual(tune)
    expect(compose('a sad song', 3, seededRandom(1)).samples).not.toEqual(tune.samples)
  })
})
