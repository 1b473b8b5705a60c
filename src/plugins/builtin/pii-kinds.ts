/** Finds personal data and credentials in text: each kind by a pattern that is linear, and a check where it has one. */
import { cardLength, ibanLength } from './check-digits.ts'

export const piiKinds = ['token', 'email', 'iban', 'card', 'phone', 'ip'] as const
export type PiiKind = (typeof piiKinds)[number]

/** Addresses of machines say little of people, and are wanted in many texts. */
export const defaultKinds: readonly PiiKind[] = piiKinds.filter((kind) => kind !== 'ip')

export interface Found {
  start: number
  end: number
  /** As it stands in a placeholder. */
  label: string
}

interface Kind {
  pattern: RegExp
  /** How much of a match is one, in characters; 0: none of it. */
  length?(match: string): number
}

/** Quantifiers are bounded or run over one class that what follows is not of, so that no text takes long. */
const kinds: Readonly<Record<PiiKind, Kind>> = {
  token: {
    pattern: new RegExp(
      [
        /\br8_[A-Za-z0-9]{20,100}/,
        /\bsk-[A-Za-z0-9_-]{20,250}/,
        /\bgh[pousr]_[A-Za-z0-9]{20,255}/,
        /\bgithub_pat_[A-Za-z0-9_]{20,255}/,
        /\bglpat-[A-Za-z0-9_-]{20,100}/,
        /\bnpm_[A-Za-z0-9]{30,100}/,
        /\bhf_[A-Za-z0-9]{30,100}/,
        /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/,
        /\bAIza[\w-]{35}/,
        /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
        /\beyJ[\w-]{5,1000}\.eyJ[\w-]{2,8000}\.[\w-]{0,2000}/,
        /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[\w+/=\s:,]|-(?!-)){0,20000}-----END [A-Z ]{0,40}PRIVATE KEY-----/,
      ]
        .map(({ source }) => source)
        .join('|'),
      'g',
    ),
  },
  email: {
    pattern: /[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})\.){1,8}\p{L}{2,24}/gu,
  },
  iban: {
    pattern: /\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/gi,
    length: ibanLength,
  },
  card: {
    pattern: /(?<![\d.,-])[2-6]\d(?:[ -]?\d){11,17}(?![\d])/g,
    length: cardLength,
  },
  phone: {
    pattern: new RegExp(
      [
        /(?<![\w+])(?:\+|00)[1-9](?:[ ./()-]{0,3}\d){6,14}(?!\w)/,
        /(?<![\w(])\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}(?!\w)/,
        /(?<![\w.-])(?:1[ .-])?\d{3}[.-]\d{3}[.-]\d{4}(?![\w.-]?\d)/,
        /(?<![\w.,/-])\(?0\d{2,4}\)?[ /-]{1,2}\d{3,8}(?:[ -]\d{2,8}){0,3}(?!\w)/,
      ]
        .map(({ source }) => source)
        .join('|'),
      'g',
    ),
    length: (match) => {
      const digits = match.replaceAll(/\D/g, '').length
      return digits >= 7 && digits <= 17 ? match.length : 0
    },
  },
  ip: {
    pattern: new RegExp(
      [
        /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/,
        /(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])/,
        /(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}(?![\w:])/,
      ]
        .map(({ source }) => source)
        .join('|'),
      'gi',
    ),
  },
}

/** Of one kind, in order; they may overlap with those of others. */
export function findKind(kind: PiiKind, text: string): Found[] {
  const { pattern, length } = kinds[kind]
  const found: Found[] = []
  for (const match of text.matchAll(pattern)) {
    const size = length ? length(match[0]) : match[0].length
    if (size > 0) found.push({ start: match.index, end: match.index + size, label: kind.toUpperCase() })
  }
  return found
}
