/** Numbers that carry their own proof: payment cards (ISO/IEC 7812, Luhn) and bank accounts (ISO 13616, mod 97). */

/** How many characters from the beginning of a text are the number of a card, spaces within it counted; 0: none. */
export function cardLength(text: string): number {
  for (let end = text.length; end > 0; end -= 1) {
    const isWhole = /\d/.test(text[end - 1] as string) && !/\d/.test(text[end] ?? '')
    if (isWhole && isLuhn(text.slice(0, end).replaceAll(/\D/g, ''))) return end
  }
  return 0
}

/** Whether digits, 13 to 19 of them, are the number of a payment card. */
function isLuhn(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1*$/.test(digits)) return false
  let sum = 0
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at])
    const double = at % 2 === 1 ? digit * 2 : digit
    sum += double > 9 ? double - 9 : double
  }
  return sum % 10 === 0
}

/** How long the account numbers of each country are, as in the registry of SWIFT. */
const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  [
    '15 NO',
    '16 BE',
    '18 DK FO FI GL NL SD FK',
    '19 MK SI',
    '20 AT BA EE KZ XK LT LU MN',
    '21 CH HR LI LV',
    '22 BG BH CR DE GB GE IE ME RS VA',
    '23 AE GI IL IQ OM SO TL',
    '24 AD CZ ES MD PK RO SA SE SK TN VG',
    '25 LY PT ST',
    '26 IS TR',
    '27 BI DJ FR GR IT MC MR SM',
    '28 AL AZ BY CY DO GT HU LB NI PL SV',
    '29 BR EG PS QA UA',
    '30 JO KW MU YE',
    '31 MT SC',
    '32 LC',
    '33 RU',
  ].flatMap((line) => {
    const [length, ...countries] = line.split(' ')
    return countries.map((country) => [country, Number(length)])
  }),
)

/** How many characters from the beginning of a text are an IBAN, spaces within it counted; 0: none. */
export function ibanLength(text: string): number {
  const wanted = ibanLengths[text.slice(0, 2).toUpperCase()]
  if (wanted === undefined) return 0
  let number = ''
  let at = 0
  for (; at < text.length && number.length < wanted; at += 1) {
    const character = text[at] as string
    if (character !== ' ' && character !== '-') number += character.toUpperCase()
  }
  return number.length === wanted && remainder(`${number.slice(4)}${number.slice(0, 4)}`) === 1 ? at : 0
}

/** Of division by 97, letters counting from 10. */
function remainder(text: string): number {
  let rest = 0
  for (const character of text) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest
}
