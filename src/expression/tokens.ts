/**
 * The tokens of an expression: acorn's tokenizer, extended so that `and or not in if else True False None` are words
 * of the language, `//` is an operator, and what the language does not have is refused by name at its exact place.
 */
import { type Options, Parser, type TokenType, tokTypes } from 'acorn'
import { Fault } from './fault.ts'
import { isForbiddenKey, refusedWords, wordKinds } from './names.ts'

/** `sourceType: 'module'` so that `<!--` and `-->` are no comments and octal literals are errors. */
const options: Options = { ecmaVersion: 2024, sourceType: 'module' }

interface Refusal {
  code: string
  what: string
  hint?: string
}

const bitwise = { code: 'refused_operator', what: 'bitwise operators are no part of expressions' }
const refusedOperators: ReadonlyMap<string, Refusal> = new Map<string, Refusal>([
  ['=>', { code: 'refused_function', what: 'arrow functions can not be written in expressions' }],
  [
    '`',
    {
      code: 'refused_template_literal',
      what: 'template literals are no part of expressions',
      hint: 'use format("{} of {}", a, b) or +',
    },
  ],
  ['...', { code: 'refused_spread', what: 'spread is no part of expressions', hint: 'join lists with +' }],
  [';', { code: 'refused_statement', what: 'an expression is one expression, without `;`' }],
  ['++', { code: 'refused_increment', what: '`++` is no operator here', hint: 'write + 1' }],
  [
    '--',
    { code: 'refused_increment', what: '`--` is no operator here', hint: 'write - 1; for a double minus write - -x' },
  ],
  ['===', { code: 'refused_operator', what: '`===` is no operator here', hint: 'write ==, which never converts' }],
  ['!==', { code: 'refused_operator', what: '`!==` is no operator here', hint: 'write !=, which never converts' }],
  ['|', { ...bitwise, hint: 'filters are functions: write len(x), not x | length; for logic write or' }],
  ['&', { ...bitwise, hint: 'for logic write and' }],
  ['^', { ...bitwise, hint: 'a power is written **' }],
  ['~', bitwise],
  ['<<', bitwise],
  ['>>', bitwise],
  ['>>>', bitwise],
])

/** What acorn's tokenizer says, in this language's words. */
const tokenizerFaults: readonly [start: string, code: string, message: string, hint?: string][] = [
  [
    'Unterminated string',
    'unterminated_string',
    'this string is not closed',
    'close it with the same quote; a line break in a string is written \\n',
  ],
  ['Identifier directly after number', 'bad_number', 'a number is directly followed by a letter'],
  ['Numeric separator', 'bad_number', 'an underscore in a number stands between two digits'],
  ['Expected number in radix', 'bad_number', 'digits are missing after 0x, 0o or 0b'],
  ['Invalid number', 'bad_number', 'this is no number', 'write it without leading zeros, as in 7, 0.5 or 1e3'],
  ['Octal literal', 'bad_escape', 'octal escapes are no part of expressions', 'write \\xHH or \\uHHHH'],
  ['Invalid escape', 'bad_escape', 'this is no escape', 'a backslash itself is written \\\\'],
  [
    'Bad character escape',
    'bad_escape',
    'hexadecimal digits are missing in this escape',
    'write \\xHH, \\uHHHH or \\u{H…}',
  ],
  ['Code point out of bounds', 'bad_escape', 'there is no such character'],
  ['Expecting Unicode escape', 'refused_escape', 'names are written without escapes'],
  ['Invalid Unicode escape', 'refused_escape', 'names are written without escapes'],
]

/** Characters that may follow a backslash in a string. Any other is refused: `"\d"` would silently be `"d"`. */
const knownEscapes = 'nrtbfvxu0\\\'"/'

/**
 * `kind` names the current token: the text of an operator or bracket, `name`, `number`, `string`, a word of the
 * language, or `end`.
 */
export class Tokens extends Parser {
  kind = ''
  /** Of a string, name or number. */
  declare value: unknown
  /** Place of the current token. */
  declare start: number
  declare end: number
  declare input: string
  /** Where the tokenizer stands. */
  declare pos: number
  declare lastTokEnd: number
  declare private containsEsc: boolean
  declare private type: TokenType
  declare private nextToken: () => void
  declare private readWord1: () => string
  declare private finishOp: (type: TokenType, size: number) => void

  constructor() {
    super(options, '')
  }

  /** Begins anew: to make a tokenizer costs more than to read a short expression with it. */
  restart(source: string): void {
    this.input = source
    this.pos = 0
    this.start = 0
    this.end = 0
    this.lastTokEnd = 0
    this.kind = ''
    this.value = undefined
    this.containsEsc = false
  }

  begin(): void {
    this.nextToken()
  }

  advance(): void {
    this.lastTokEnd = this.end
    this.nextToken()
  }

  is(kind: string): boolean {
    return this.kind === kind
  }

  // From here on: what acorn calls.

  /** Spaces only: a `/` is never the begin of a comment. */
  skipSpace(): void {
    const { input } = this
    for (;;) {
      const code = input.charCodeAt(this.pos)
      if (
        code === 32 ||
        (code > 8 && code < 14) ||
        code === 160 ||
        code === 0xfeff ||
        code === 0x2028 ||
        code === 0x2029
      ) {
        this.pos += 1
      } else return
    }
  }

  /** Nothing here depends on JavaScript's contexts (a `/` never begins a regular expression). */
  updateContext(): void {}

  finishToken(type: TokenType, value?: unknown): void {
    this.end = this.pos
    this.type = type
    this.value = value
    if (type === tokTypes.name) return
    if (type === tokTypes.num) this.kind = 'number'
    else if (type === tokTypes.string) this.kind = 'string'
    else if (type === tokTypes.eof) this.kind = 'end'
    else this.finishOperator(type, typeof value === 'string' ? value : type.label)
  }

  private finishOperator(type: TokenType, written: string): void {
    this.kind = written
    if (type === tokTypes.eq || type === tokTypes.assign) {
      throw new Fault(
        'refused_assignment',
        `nothing can be assigned in an expression (\`${written}\`)`,
        'equality is written ==',
        this,
      )
    }
    if (type === tokTypes.privateId) throw this.unexpectedCharacter(this.start, '#')
    const refused = refusedOperators.get(written)
    if (refused) throw new Fault(refused.code, refused.what, refused.hint, this)
  }

  readWord(): void {
    const before = this.kind
    const word = this.readWord1()
    this.kind = 'name'
    this.finishToken(tokTypes.name, word)
    if (this.containsEsc) throw new Fault('refused_escape', 'names are written without escapes', undefined, this)
    if (isForbiddenKey(word)) {
      throw new Fault(
        'refused_name',
        `\`${word}\` is never read, so that no expression can leave its data`,
        undefined,
        this,
      )
    }
    if (word.startsWith('__')) {
      throw new Fault(
        'refused_name',
        `names with two leading underscores are refused (\`${word}\`)`,
        `to read a field of that name write x["${word}"]`,
        this,
      )
    }
    const kind = wordKinds.get(word)
    const refused = kind === undefined ? refusedWords.get(word) : undefined
    if ((kind ?? refused) === undefined || this.isFieldName(before)) return
    if (refused) throw new Fault(refused.code, `\`${word}\`: ${refused.what}`, refused.hint, this)
    this.kind = kind as string
  }

  /** After a dot, and before the colon of an object literal's key, every word is just a name. */
  private isFieldName(before: string): boolean {
    if (before === '.' || before === '?.') return true
    return (before === '{' || before === ',') && /^\s*:/.test(this.input.slice(this.pos, this.pos + 100))
  }

  readToken_slash(): void {
    const next = this.input.charCodeAt(this.pos + 1)
    if (next === 42) {
      throw new Fault('refused_comment', 'comments are no part of expressions', undefined, {
        start: this.pos,
        end: this.pos + 2,
      })
    }
    if (next === 61) this.finishOp(tokTypes.assign, 2)
    else this.finishOp(tokTypes.slash, next === 47 ? 2 : 1)
  }

  readEscapedChar(inTemplate: boolean): string {
    const escaped = this.input.charAt(this.pos + 1)
    if (!knownEscapes.includes(escaped)) {
      throw new Fault(
        'bad_escape',
        `\`\\${escaped}\` is no escape`,
        `a backslash itself is written \\\\, as in "\\\\${escaped.trim()}"`,
        {
          start: this.pos,
          end: this.pos + 2,
        },
      )
    }
    return readEscape.call(this, inTemplate)
  }

  raise(offset: number, message: string): never {
    if (message.startsWith('Unexpected character')) throw this.unexpectedCharacter(offset, this.input.charAt(offset))
    const known = tokenizerFaults.find(([start]) => message.startsWith(start))
    const end = Math.max(this.pos, offset + 1)
    if (known) throw new Fault(known[1], known[2], known[3], { start: offset, end })
    throw new Fault('syntax', message, undefined, { start: offset, end })
  }

  raiseRecoverable(offset: number, message: string): never {
    this.raise(offset, message)
  }

  private unexpectedCharacter(offset: number, character: string): Fault {
    const place = { start: offset, end: offset + 1 }
    if (this.input.charAt(this.start) === '#') {
      return new Fault('refused_comment', '`#` has no meaning here; comments are no part of expressions', undefined, {
        start: this.start,
        end: this.start + 1,
      })
    }
    const hint = '“”‘’'.includes(character) ? 'use straight quotes: "text"' : undefined
    return new Fault('unexpected_character', `the character \`${character}\` has no meaning here`, hint, place)
  }
}

const readEscape = (Parser.prototype as unknown as { readEscapedChar(this: Tokens, inTemplate: boolean): string })
  .readEscapedChar
