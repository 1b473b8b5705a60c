/** Asks a yes-or-no question on the terminal. */
import type { CommandContext } from './context.ts'

/** Anything but `y` and `yes` is a no, and so is an end of the input. */
export async function confirm({ stderr, stdin }: CommandContext, question: string): Promise<boolean> {
  stderr.write(`${question} [y/N] `)
  let answer = ''
  for await (const piece of stdin) {
    answer += typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8')
    if (answer.includes('\n')) break
  }
  return /^\s*y(es)?\s*$/i.test(answer.split('\n')[0] as string)
}
