/** Colours for a prompt: what it names, what its nouns suggest, else one of some that go well together. */
import type { Random } from '../../std/random.ts'
import { type Color, darker, hex, lighter, lightness, mix } from './picture.ts'

export interface Palette {
  skyTop: Color
  skyBottom: Color
  ground: Color
  subject: Color
  accent: Color
  isDark: boolean
}

const named: Record<string, string> = {
  red: 'd23f3a',
  crimson: 'b3243c',
  scarlet: 'd8352a',
  maroon: '7a2233',
  burgundy: '6e1f33',
  orange: 'ee8434',
  amber: 'f2a53a',
  peach: 'f7b99a',
  coral: 'f2786d',
  terracotta: 'c8623f',
  rust: 'a9502d',
  yellow: 'f4c945',
  gold: 'd9a63a',
  golden: 'e0ad42',
  mustard: 'cf9b2e',
  brass: 'b98d3f',
  copper: 'b76d43',
  bronze: '9a6b3c',
  green: '4c9a5f',
  lime: 'a2c94a',
  olive: '7f8440',
  sage: '9db092',
  mint: 'a5dcc0',
  emerald: '1f8a63',
  teal: '2b8c8c',
  turquoise: '3bb8b0',
  cyan: '43b9d6',
  aqua: '5fcad1',
  blue: '3b73c4',
  navy: '22375e',
  indigo: '443c8e',
  azure: '4f9be0',
  cobalt: '2b55a8',
  purple: '7a4fa8',
  violet: '8a5cc9',
  lavender: 'b7a4dc',
  lilac: 'c6aede',
  magenta: 'c53d8f',
  pink: 'ec8fb0',
  rose: 'dd7a8c',
  beige: 'ddcbb0',
  cream: 'f3e8d2',
  ivory: 'f5efe0',
  brown: '80573a',
  tan: 'c49a6c',
  chocolate: '5b3a29',
  black: '26262c',
  charcoal: '3a3d45',
  grey: '8c9097',
  gray: '8c9097',
  silver: 'b9bec6',
  white: 'f4f3ef',
  ceramic: 'e9e4da',
  steel: '9aa5b1',
  wooden: 'a9764a',
  wood: 'a9764a',
  glass: 'b8d6d8',
  leather: '8a5a36',
}

/** What the air of a scene suggests: sky above, sky below, ground. */
const moods: [RegExp, [string, string, string]][] = [
  [/\b(night|midnight|moonlit|dark|stars?|starry)\b/, ['10152e', '2d3565', '1a2040']],
  [/\b(space|galaxy|cosmic|nebula|planet)\b/, ['0c0b1f', '3a2357', '1a1433']],
  [/\b(sunset|dusk|evening|golden hour)\b/, ['55407f', 'f6a464', '7a4a4f']],
  [/\b(sunrise|dawn|morning)\b/, ['8fb3dd', 'fbd9b4', 'b99a86']],
  [/\b(ocean|sea|beach|lake|water|underwater|island)\b/, ['7cc0e4', 'dff1f2', '2f86a6']],
  [/\b(forest|jungle|meadow|garden|woods?|moss)\b/, ['a7cfae', 'e9f2d6', '56804f']],
  [/\b(desert|dunes?|canyon|sand)\b/, ['8cc0d8', 'f8e2bd', 'd29a5c']],
  [/\b(snow|snowy|winter|ice|arctic)\b/, ['a9c6e2', 'eef5fb', 'dfe9f2']],
  [/\b(neon|cyberpunk|futuristic)\b/, ['150f2e', '4a1d6b', '1d1538']],
  [/\b(autumn|fall|october)\b/, ['d8b48a', 'f8e6c8', '9a6238']],
]

const curated: [string, string, string, string, string][] = [
  ['f3d9c9', 'fbeee3', 'e3b9a0', 'c8623f', '2f4858'],
  ['cfe3e2', 'eef6f1', 'a7c7c0', '2b7a78', 'f2a65a'],
  ['d9d4ec', 'f1eef9', 'b8addb', '5b4b9a', 'f4b860'],
  ['f7e3b5', 'fdf5de', 'e8c57d', '2f6f8f', 'd1495b'],
  ['c9d8e8', 'edf3f8', 'a9bfd6', 'd1495b', 'edae49'],
  ['dfe8cf', 'f4f7e8', 'b9cb98', '8a4f7d', 'f0a35e'],
  ['f2d3d8', 'fcf0f1', 'dfaab4', '3d5a80', 'ee9b6a'],
  ['d6e6f2', 'f7fbfc', 'b0cde0', '769fcd', 'f38181'],
  ['e9e2d6', 'f8f4ec', 'cbbfa9', '3f5d55', 'd98f4e'],
  ['2b2d42', '565a7d', '232539', 'ef8354', 'f2e8cf'],
]

/** For prompts that want it strong: wall above and below, ground. */
const vivid: [string, string, string][] = [
  ['f2545b', 'f78f7d', 'a4243b'],
  ['2a6fdb', '5aa9f5', '173f8a'],
  ['f6ae2d', 'f9cf6b', 'c97b12'],
  ['12a67c', '58cfa5', '0b6b50'],
  ['8e4ec6', 'bd8be0', '5a2a8a'],
]

/** `subject.at` is its place in the words, so that "red mug on a blue table" gives a red mug. */
export function choosePalette(
  words: readonly string[],
  { at: subjectAt, usual }: { at: number; usual?: string },
  random: Random,
): Palette {
  const pick = curated[Math.floor(random() * curated.length)] as (typeof curated)[number]
  const text = words.join(' ')
  const mood = moodOf(text, random)
  const [skyTop, skyBottom, ground] = (mood ?? pick).slice(0, 3).map(hex) as [Color, Color, Color]
  const colors = words.flatMap((word, at) => (named[word] === undefined ? [] : [{ at, color: hex(named[word]) }]))
  const own = colors.filter(({ at }) => at < subjectAt && subjectAt - at <= 4).at(-1) ?? (mood ? colors[0] : undefined)
  const others = colors.filter((each) => each !== own)
  const seasonal = usual !== undefined && /\b(autumn|fall|october)\b/.test(text) ? 'd98238' : usual
  const subject = own?.color ?? hex(seasonal ?? pick[3])
  const palette = { skyTop, skyBottom, ground, subject, accent: others[1]?.color ?? hex(pick[4]) }
  const behind = others[0]?.color
  if (behind && !mood) {
    palette.skyTop = lighter(behind, 0.45)
    palette.skyBottom = lighter(behind, 0.8)
    palette.ground = mix(behind, lighter(behind, 0.5), 0.5)
  }
  return withContrast(palette)
}

function moodOf(text: string, random: Random): readonly string[] | undefined {
  const named = moods.find(([pattern]) => pattern.test(text))?.[1]
  const isStrong = /\b(bold|vivid|vibrant|colou?rful|pop art|bright colou?rs)\b/.test(text)
  return named ?? (isStrong ? vivid[Math.floor(random() * vivid.length)] : undefined)
}

/** A subject as light as its background would vanish. */
function withContrast(palette: Omit<Palette, 'isDark'>): Palette {
  const around = (lightness(palette.skyBottom) + lightness(palette.ground)) / 2
  const isDark = lightness(palette.skyTop) < 0.4
  if (Math.abs(lightness(palette.subject) - around) > 0.14) return { ...palette, isDark }
  const shift = lightness(palette.subject) > 0.5 ? darker : lighter
  return {
    ...palette,
    isDark,
    skyTop: shift(palette.skyTop, 0.28),
    skyBottom: shift(palette.skyBottom, 0.22),
    ground: shift(palette.ground, 0.3),
  }
}
