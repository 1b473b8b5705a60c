/** A judge's verdict on what an advocate and a critic have brought forward. */
import type { SubjectMatter } from './subject-matter.ts'

export interface Trial {
  /** How much speaks for the matter, in [0, 1]. */
  share: number
  reason: string
  /** The option that suits the share: options are read as going from good to bad. */
  verdict(options: readonly string[]): string
}

/** Undefined unless a prompt sets an advocate against a critic. A side counts as many points as it has lines. */
export function trialIn({ parts }: SubjectMatter): Trial | undefined {
  const against = parts['critic'] ?? parts['against'] ?? parts['critique']
  const infavour = parts['advocate'] ?? parts['for'] ?? parts['advocacy']
  if (against === undefined || infavour === undefined) return undefined
  const [pro, contra] = [points(infavour), points(against)]
  const share = pro + contra === 0 ? 0.5 : pro / (pro + contra)
  const weight =
    share > 0.5
      ? 'The case for it is the stronger'
      : share < 0.5
        ? 'The case against it is the stronger'
        : 'The two weigh the same'
  return {
    share,
    reason: `${weight}: ${counted(pro)} for it, ${counted(contra)} against it.`,
    verdict(options) {
      const list = options.length > 0 ? options : ['accept', 'revise', 'reject']
      const at = Math.min(list.length - 1, Math.floor((1 - share) * list.length))
      return list[at] as string
    },
  }
}

/** Lines, but for one that says that nobody could be heard. */
function points(said: string): number {
  return said.split('\n').filter((line) => line.trim() !== '' && !/could not be heard|nothing to say/i.test(line))
    .length
}

function counted(count: number): string {
  return count === 1 ? 'one point' : `${count} points`
}
