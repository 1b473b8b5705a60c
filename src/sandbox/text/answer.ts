/** What a text model says to a prompt. */
import { summarise } from './summary.ts'

export function answerPrompt(prompt: string): string {
  return summarise(prompt, 3).join(' ')
}
