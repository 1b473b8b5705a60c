/** Everything that an answer is made from. */
import type { Random } from '../../std/random.ts'
import type { ReadPrompt } from './read-prompt.ts'

/** A picture that the model was shown. */
export interface SeenPicture {
  /** What it was made from, else what can be said of its colours. */
  description: string
  width: number
  height: number
  /** Contrast and colour, in [0, 1]. */
  looks: number
  /** What can be seen, in a word or two each; without them, the words of the description are taken. */
  tags?: string[]
}

export interface SubjectMatter extends ReadPrompt {
  prompt: string
  pictures: readonly SeenPicture[]
  random: Random
}
