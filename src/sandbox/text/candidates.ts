/** The candidates that a prompt wants judged: pictures it shows, or texts that it lists. */
import { type Candidate, craft, judgeCandidates, listedCandidates, type Verdict } from './judge.ts'
import type { SubjectMatter } from './subject-matter.ts'

function candidatesOf(matter: SubjectMatter): Candidate[] {
  if (matter.pictures.length > 1) {
    return matter.pictures.map(({ description, looks }) => ({ text: description, looks }))
  }
  return listedCandidates(matter.prompt).map((text) => ({ text, looks: craft(text) }))
}

export function verdictOn(matter: SubjectMatter): Verdict | undefined {
  const candidates = candidatesOf(matter)
  let brief = matter.prompt
  for (const { text } of candidates) brief = brief.replace(text, '')
  return judgeCandidates(brief, candidates)
}
