/** Models that speak, listen and play. */
import type { Json, JsonObject } from '../../std/json.ts'
import { compose } from '../sound/melody.ts'
import { speak } from '../sound/speech.ts'
import { decodeWav, encodeWav, measureSound } from '../sound/wav.ts'
import { languageOf, translate } from '../text/translate.ts'
import { sentences } from '../text/words.ts'
import { choice, file, flag, integer, number, text } from './fields.ts'
import { inputText } from './input-text.ts'
import { type CatalogueModel, fileMark, type ModelAnswer, type ModelCall, uriOutput } from './model.ts'

const kokoroVoices = [
  'af_alloy',
  'af_aoede',
  'af_bella',
  'af_jessica',
  'af_kore',
  'af_nicole',
  'af_nova',
  'af_river',
  'af_sarah',
  'af_sky',
  'am_adam',
  'am_echo',
  'am_eric',
  'am_fenrir',
  'am_liam',
  'am_michael',
  'am_onyx',
  'am_puck',
  'bf_alice',
  'bf_emma',
  'bf_isabella',
  'bf_lily',
  'bm_daniel',
  'bm_fable',
  'bm_george',
  'bm_lewis',
  'ff_siwis',
  'hf_alpha',
  'hf_beta',
  'hm_omega',
  'hm_psi',
  'if_sara',
  'im_nicola',
  'jf_alpha',
  'jf_gongitsune',
  'jf_nezumi',
  'jf_tebukuro',
  'jm_kumo',
  'zf_xiaobei',
  'zf_xiaoni',
  'zf_xiaoxiao',
  'zf_xiaoyi',
  'zm_yunjian',
  'zm_yunxi',
  'zm_yunxia',
  'zm_yunyang',
]
/** A tenth of a second of silence. */
const silence = `data:audio/wav;base64,${encodeWav({ sampleRate: 8_000, samples: new Float32Array(800) }).toString('base64')}`
const spoken: JsonObject = { text: 'Good evening, and welcome to the programme.' }

export const soundModels: readonly CatalogueModel[] = [
  {
    owner: 'jaaari',
    name: 'kokoro-82m',
    description: 'Kokoro v1.0 - text-to-speech (82M params, based on StyleTTS2)',
    official: false,
    runCount: 77310245,
    hardware: 'gpu-t4',
    price: { per: 'second' },
    fields: {
      text: text('Text input (long text is automatically split)', { required: true }),
      voice: choice('Voice to use for synthesis', kokoroVoices, 'af_bella'),
      speed: number('Speech speed multiplier (0.5 = half speed, 2.0 = double speed)', { default: 1, min: 0.1, max: 5 }),
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 700, sigma: 0.2 },
    example: spoken,
    run: (call) => say(call, inputText(call.input, 'text'), inputText(call.input, 'voice')),
  },
  {
    owner: 'minimax',
    name: 'speech-02-turbo',
    description:
      'Text-to-Audio (T2A) that offers voice synthesis, emotional expression, and multilingual capabilities. Designed for real-time applications with low latency',
    official: true,
    runCount: 9120345,
    hardware: 'cpu',
    price: { per: 'characters', usdPerThousand: 0.03 },
    fields: {
      text: text('Text to convert to speech. Every character is 1 token. Maximum 5000 characters.', { required: true }),
      voice_id: text('Desired voice ID.', { default: 'Wise_Woman' }),
      speed: number('Speech speed', { default: 1, min: 0.5, max: 2 }),
      volume: number('Speech volume', { default: 1, min: 0, max: 10 }),
      pitch: integer('Speech pitch', { default: 0, min: -12, max: 12 }),
      emotion: choice(
        'Speech emotion',
        ['auto', 'neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'],
        'auto',
      ),
      language_boost: text('Enhance recognition of a specific language', { default: 'None' }),
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 600, sigma: 0.2 },
    example: spoken,
    run: (call) => say(call, inputText(call.input, 'text'), inputText(call.input, 'voice_id')),
  },
  {
    owner: 'suno-ai',
    name: 'bark',
    description: '🔊 Text-Prompted Generative Audio Model',
    official: false,
    runCount: 302178,
    hardware: 'gpu-a100-large',
    price: { per: 'second' },
    fields: {
      prompt: text('Input prompt', {
        default:
          'Hello, my name is Suno. And, uh — and I like pizza. [laughs] But I also have other interests such as playing tic tac toe.',
      }),
      history_prompt: text('history choice for audio cloning, choose from the list'),
      custom_history_prompt: file('Provide your own .npz file with history choice for audio cloning'),
      text_temp: number('generation temperature (1.0 more diverse, 0.0 more conservative)', { default: 0.7 }),
      waveform_temp: number('generation temperature (1.0 more diverse, 0.0 more conservative)', { default: 0.7 }),
      output_full: flag('return full generation as a .npz file to be used as a history prompt'),
    },
    output: {
      type: 'object',
      properties: {
        audio_out: { type: 'string', format: 'uri' },
        prompt_npz: { type: 'string', format: 'uri', nullable: true },
      },
    },
    latency: { kind: 'lognormal', medianMs: 1_100, sigma: 0.2 },
    githubUrl: 'https://github.com/suno-ai/bark',
    example: {},
    run: (call) => {
      const answer = say(
        call,
        inputText(call.input, 'prompt').replace(/\[[^\]]*\]/g, ' '),
        inputText(call.input, 'history_prompt', 'announcer'),
      )
      return { ...answer, output: { audio_out: fileMark(0), prompt_npz: null } }
    },
  },
  {
    owner: 'meta',
    name: 'musicgen',
    description: 'Generate music from a prompt or melody',
    official: false,
    runCount: 3371454,
    hardware: 'gpu-a100-large',
    price: { per: 'second' },
    fields: {
      prompt: text('A description of the music you want to generate.'),
      model_version: choice(
        'Model to use for generation',
        ['stereo-melody-large', 'stereo-large', 'melody-large', 'large'],
        'stereo-melody-large',
      ),
      input_audio: file('An audio file that will influence the generated music.'),
      duration: integer('Duration of the generated audio in seconds.', { default: 8 }),
      continuation: flag('If True, generated music will continue from input_audio.'),
      temperature: number('Controls the conservativeness of the sampling process.', { default: 1 }),
      top_k: integer('Reduces sampling to the k most likely tokens.', { default: 250 }),
      top_p: number('Reduces sampling to tokens with cumulative probability of p.', { default: 0 }),
      classifier_free_guidance: integer('Increases the influence of inputs on the output.', { default: 3 }),
      output_format: choice('Output format for generated audio.', ['wav', 'mp3'], 'wav'),
      normalization_strategy: choice(
        'Strategy for normalizing audio.',
        ['loudness', 'clip', 'peak', 'rms'],
        'loudness',
      ),
      seed: integer('Seed for random number generator.'),
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 1_300, sigma: 0.2 },
    githubUrl: 'https://github.com/replicate/cog-musicgen',
    example: { prompt: 'a calm piano tune' },
    run: ({ input, random }) => {
      const bytes = encodeWav(compose(inputText(input, 'prompt'), Number(input['duration']), random))
      const logs =
        input['output_format'] === 'mp3' ? 'The sandbox writes WAV only: mp3 was asked for, wav is given\n' : ''
      return { output: fileMark(0), files: [{ name: 'out.wav', mediaType: 'audio/wav', bytes }], logs }
    },
  },
  {
    owner: 'openai',
    name: 'whisper',
    description: 'Convert speech in audio to text',
    official: false,
    runCount: 101234560,
    hardware: 'gpu-t4',
    price: { per: 'second' },
    fields: {
      audio: file('Audio file', { required: true }),
      transcription: choice('Choose the format for the transcription', ['plain text', 'srt', 'vtt'], 'plain text'),
      translate: flag('Translate the text to English when set to True'),
      language: text("Language spoken in the audio, specify 'auto' for automatic language detection", {
        default: 'auto',
      }),
      temperature: number('temperature to use for sampling', { default: 0 }),
      patience: number('optional patience value to use in beam decoding'),
      suppress_tokens: text('comma-separated list of token ids to suppress during sampling', { default: '-1' }),
      initial_prompt: text('optional text to provide as a prompt for the first window.'),
      condition_on_previous_text: flag(
        'if True, provide the previous output of the model as a prompt for the next window',
        true,
      ),
    },
    output: {
      type: 'object',
      properties: {
        segments: { title: 'Segments' },
        srt_file: { type: 'string', format: 'uri', nullable: true },
        txt_file: { type: 'string', format: 'uri', nullable: true },
        translation: { type: 'string', nullable: true },
        transcription: { type: 'string' },
        detected_language: { type: 'string' },
      },
    },
    latency: { kind: 'lognormal', medianMs: 700, sigma: 0.2 },
    githubUrl: 'https://github.com/replicate/cog-whisper',
    example: { audio: silence },
    run: async (call) => {
      const heard = await listen(call)
      const language = languageOf(heard.text)
      const transcription = written(heard.segments, inputText(call.input, 'transcription'))
      const translation = call.input['translate'] === true ? translate(heard.text, { to: 'english' }) : null
      return {
        output: {
          segments: heard.segments.map((each, id) => ({ id, ...each })),
          transcription,
          translation,
          txt_file: null,
          srt_file: null,
          detected_language: language,
        },
        logs: heard.logs,
      }
    },
  },
  {
    owner: 'vaibhavs10',
    name: 'incredibly-fast-whisper',
    description: 'whisper-large-v3, incredibly fast, powered by Hugging Face Transformers! 🤗',
    official: false,
    runCount: 31621579,
    hardware: 'gpu-l40s',
    price: { per: 'second' },
    fields: {
      audio: file('Audio file', { required: true }),
      task: choice(
        'Task to perform: transcribe or translate to another language.',
        ['transcribe', 'translate'],
        'transcribe',
      ),
      language: text("Language spoken in the audio, specify 'None' to perform language detection.", {
        default: 'None',
      }),
      batch_size: integer('Number of parallel batches you want to compute.', { default: 24 }),
      timestamp: choice('Whisper supports both chunked as well as word level timestamps.', ['chunk', 'word'], 'chunk'),
      diarise_audio: flag('Use Pyannote.audio to diarise the audio clips.'),
      hf_token: text('Provide a hf.co/settings/token for Pyannote.audio to diarise the audio clips.'),
    },
    output: { type: 'object', title: 'ModelOutput' },
    latency: { kind: 'lognormal', medianMs: 450, sigma: 0.2 },
    githubUrl: 'https://github.com/chenxwh/insanely-fast-whisper',
    example: { audio: silence },
    run: async (call) => {
      const heard = await listen(call)
      const said = call.input['task'] === 'translate' ? translate(heard.text, { to: 'english' }) : heard.text
      const parts = call.input['timestamp'] === 'word' ? heard.segments.flatMap(inWords) : heard.segments
      const chunks = parts.map(({ start, end, text: words }): Json => ({ timestamp: [start, end], text: ` ${words}` }))
      return { output: { text: said, chunks }, logs: heard.logs }
    },
  },
]

function say(call: ModelCall, words: string, voice: string): ModelAnswer {
  const sound = speak(words, { name: voice, speed: Number(call.input['speed'] ?? 1) })
  const bytes = encodeWav(sound)
  const seconds = sound.samples.length / sound.sampleRate
  const logs = `Spoke ${words.length} characters in ${seconds.toFixed(1)} s, voice ${voice}; the sandbox gives WAV\n`
  return {
    output: fileMark(0),
    files: [{ name: 'output.wav', mediaType: 'audio/wav', bytes }],
    logs,
    metrics: { character_count: words.length, audio_seconds: Math.round(seconds * 100) / 100 },
  }
}

interface Segment extends JsonObject {
  start: number
  end: number
  text: string
}

/** Reads back what the sandbox spoke; of other sound it says what can be measured. */
async function listen(call: ModelCall): Promise<{ text: string; segments: Segment[]; logs: string }> {
  const { bytes, mediaType } = await call.file(inputText(call.input, 'audio'))
  const sound = decodeWav(bytes)
  const said = sound?.text
  if (sound && said !== undefined) return { text: said, segments: timed(said, measureSound(sound).seconds), logs: '' }
  const logs = 'The sandbox hears words only in sound that it spoke itself\n'
  if (!sound) {
    const note = `[${mediaType}, ${Math.ceil(bytes.length / 1024)} kB]`
    return { text: note, segments: [{ start: 0, end: 0, text: note }], logs }
  }
  const { seconds, loudness } = measureSound(sound)
  const note = `[${seconds.toFixed(1)} seconds of sound, loudness ${loudness} dBFS]`
  return { text: note, segments: [{ start: 0, end: Math.round(seconds * 100) / 100, text: note }], logs }
}

/** Sentences with times in proportion to their length. */
function timed(said: string, seconds: number): Segment[] {
  const all = sentences(said)
  const total = all.reduce((sum, each) => sum + each.length, 0)
  let at = 0
  return all.map((each) => {
    const start = at
    at += (each.length / Math.max(1, total)) * seconds
    return { start: hundredths(start), end: hundredths(at), text: each }
  })
}

function inWords({ start, end, text: said }: Segment): Segment[] {
  const list = said.split(/\s+/)
  const each = (end - start) / list.length
  return list.map((word, at) => ({
    start: hundredths(start + at * each),
    end: hundredths(start + (at + 1) * each),
    text: word,
  }))
}

function written(segments: readonly Segment[], format: string): string {
  if (format === 'plain text') return segments.map((segment) => segment.text).join(' ')
  const mark = format === 'srt' ? ',' : '.'
  const clock = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(11, 23).replace('.', mark)
  const blocks = segments.map(
    (segment, at) =>
      `${format === 'srt' ? `${at + 1}\n` : ''}${clock(segment.start)} --> ${clock(segment.end)}\n${segment.text}\n`,
  )
  return (format === 'vtt' ? 'WEBVTT\n\n' : '') + blocks.join('\n')
}

const hundredths = (seconds: number): number => Math.round(seconds * 100) / 100
