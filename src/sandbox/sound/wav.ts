/** WAV files: 16-bit PCM, one channel, with a text in their LIST/INFO chunk. */
export interface Sound {
  sampleRate: number
  /** From -1 to 1. */
  samples: Float32Array
  /** What is said in it, if it tells. */
  text?: string
}

export function encodeWav({ sampleRate, samples, text }: Sound): Buffer {
  const info = text === undefined ? Buffer.alloc(0) : infoChunk(text)
  const header = Buffer.alloc(36)
  const dataBytes = samples.length * 2
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(36 + info.length + dataBytes, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(sampleRate, 24)
  header.writeUInt32LE(sampleRate * 2, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  const data = Buffer.alloc(8 + dataBytes)
  data.write('data', 0, 'latin1')
  data.writeUInt32LE(dataBytes, 4)
  for (const [at, sample] of samples.entries()) {
    data.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), 8 + at * 2)
  }
  return Buffer.concat([header, info, data])
}

/** Undefined for anything but 16-bit PCM WAV; several channels are mixed to one. */
export function decodeWav(bytes: Buffer): Sound | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') return undefined
  let format: { channels: number; sampleRate: number } | undefined
  let text: string | undefined
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = bytes.toString('latin1', at, at + 4)
    const body = bytes.subarray(at + 8, at + 8 + bytes.readUInt32LE(at + 4))
    at += 8 + body.length + (body.length % 2)
    if (id === 'fmt ' && body.length >= 16) {
      if (body.readUInt16LE(0) !== 1 || body.readUInt16LE(14) !== 16) return undefined
      format = { channels: body.readUInt16LE(2), sampleRate: body.readUInt32LE(4) }
    } else if (id === 'LIST') {
      text = commentIn(body) ?? text
    } else if (id === 'data' && format && format.channels > 0) {
      const sound = { sampleRate: format.sampleRate, samples: samplesOf(body, format.channels) }
      return text === undefined ? sound : { ...sound, text }
    }
  }
  return undefined
}

/** Seconds, and loudness in decibels below full scale. */
export function measureSound({ sampleRate, samples }: Sound): { seconds: number; loudness: number } {
  let squares = 0
  for (const sample of samples) squares += sample * sample
  const level = Math.sqrt(squares / Math.max(1, samples.length))
  return {
    seconds: samples.length / sampleRate,
    loudness: Math.round(20 * Math.log10(Math.max(1e-5, level)) * 10) / 10,
  }
}

function infoChunk(text: string): Buffer {
  const body = Buffer.from(`${text}\0`, 'utf8')
  const padded = body.length % 2 === 0 ? body : Buffer.concat([body, Buffer.alloc(1)])
  const head = Buffer.alloc(20)
  head.write('LIST', 0, 'latin1')
  head.writeUInt32LE(12 + padded.length, 4)
  head.write('INFOICMT', 8, 'latin1')
  head.writeUInt32LE(body.length, 16)
  return Buffer.concat([head, padded])
}

function commentIn(list: Buffer): string | undefined {
  if (list.toString('latin1', 0, 4) !== 'INFO') return undefined
  for (let at = 4; at + 8 <= list.length;) {
    const size = list.readUInt32LE(at + 4)
    if (list.toString('latin1', at, at + 4) === 'ICMT') {
      return list.toString('utf8', at + 8, at + 8 + size).replace(/\0+$/, '')
    }
    at += 8 + size + (size % 2)
  }
  return undefined
}

function samplesOf(data: Buffer, channels: number): Float32Array {
  const samples = new Float32Array(Math.floor(data.length / 2 / channels))
  for (let at = 0; at < samples.length; at += 1) {
    let sum = 0
    for (let channel = 0; channel < channels; channel += 1) sum += data.readInt16LE((at * channels + channel) * 2)
    samples[at] = sum / channels / 32_768
  }
  return samples
}
