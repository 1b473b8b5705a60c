/** Prompts of workflows that go through several models: checked translation, research with citations, a trial. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../std/random.ts'
import { answerPrompt } from './answer.ts'
import { baseForms } from './word-forms.ts'

const ask = (prompt: string) => answerPrompt({ prompt, random: seededRandom(1) })
const askJson = (prompt: string): unknown => JSON.parse(ask(prompt))

describe('a translation that is checked', () => {
  const original =
    'The travelers disputed, and wrapped their cloaks around them. The wind blew, but the sun shone warmly.'

  function round(last?: { draft: string; problems: string[] }) {
    const found = last ? `A reader found these problems. Put them right:\n- ${last.problems.join('\n- ')}\n` : ''
    const draft = ask(
      `Translate the text from English into German. Answer with the translation only.\n${found}\nText: ${original}\n${last ? `\nDraft: ${last.draft}` : ''}`,
    )
    const back = ask(
      `Translate the text from German into English. Answer with the translation only.\n\nText: ${draft}\n`,
    )
    const judged = askJson(
      `Compare the original with its back-translation. Answer with JSON only: {"score": <0 to 10>, "problems": ["<what happened>"]}\n\nOriginal: ${original}\n\nTranslation: ${draft}\n\nBack-translation: ${back}`,
    ) as { score: number; problems: string[] }
    return { draft, back, ...judged }
  }

  it('gets better by what the judge names, and loses nothing that was found before', () => {
    const first = round()
    expect(first.problems).toContain('"disputed" is not translated')
    const second = round(first)
    expect(second.score).toBeGreaterThan(first.score)
    expect(second.draft).toContain('streiten')
    const third = round(second)
    expect(third.score).toBeGreaterThanOrEqual(second.score)
    expect(third.draft).toContain('streiten')
    expect(third.draft).not.toContain('Draft')
  })

  it('that leaves everything as it was scores nothing, and a good one nearly all', () => {
    const judge = (translation: string, back: string) =>
      (
        askJson(
          `Compare these. Answer with JSON only: {"score": <0 to 10>, "problems": ["…"]}\n\nOriginal: The night is cold, the water is black.\n\nTranslation: ${translation}\n\nBack-translation: ${back}`,
        ) as { score: number; problems: string[] }
      ).score
    expect(judge('The night is cold, the water is black.', 'The night is cold, the water is black.')).toBe(0)
    expect(judge('Die Nacht ist kalt, das Wasser schwarz.', 'The night is cold, the water is black.')).toBeGreaterThan(
      7,
    )
    expect(judge('Der Hund bellt laut.', 'The dog barks loudly.')).toBe(0)
  })

  it('knows what words come from', () => {
    for (const [word, form] of Object.entries({
      wrapped: 'wrap',
      tried: 'try',
      shone: 'shine',
      keener: 'keen',
      resigning: 'resign',
      making: 'make',
      blasts: 'blast',
    })) {
      expect(baseForms(word)).toContain(form)
    }
  })
})

describe('research', () => {
  const text = `On Bees
A. Author, 1901

Bees make honey from the nectar of flowers. The weather was fine on Sunday, and we walked to the river. In winter the bees live on the honey that they have made in summer. My uncle keeps three dogs and a cat at home.`
  const read = (question: string) =>
    askJson(
      `Copy out up to 4 passages that help to answer the question. Answer with JSON only: {"quotes": [{"source": "<name>", "quote": "<word for word>"}]}\n\nQuestion: ${question}\n\nSource: bees.txt\n\nText: ${text}`,
    )

  it('quotes the sentences that bear on the question most, with their source', () => {
    expect(read('What do bees live on in winter?')).toEqual({
      quotes: [{ source: 'bees.txt', quote: 'In winter the bees live on the honey that they have made in summer.' }],
    })
  })

  it('quotes nothing where nothing bears on it', () => {
    expect(read('Why do glaciers carve valleys?')).toEqual({ quotes: [] })
  })

  const evidence =
    'Evidence:\n[1] (a.txt) "Bees make honey from nectar, and sleep little."\n[2] (b.txt) "It is important not only to feed bees, but to shelter them."\n[3] (b.txt) "And honey is made from nectar by bees."'

  it('answers in statements that name their evidence', () => {
    const answer = askJson(
      `Answer the question from the evidence in at most 6 statements. Answer with JSON only: {"statements": [{"text": "<a sentence>", "evidence": [<numbers>]}]}\n\nQuestion: How do bees make honey?\n\n${evidence}`,
    ) as { statements: { text: string; evidence: number[] }[] }
    expect(answer.statements).toContainEqual({ text: 'Bees make honey from nectar.', evidence: [1, 3] })
    expect(answer.statements).toContainEqual({
      text: 'It is important not only to feed bees, but to shelter them.',
      evidence: [2],
    })
  })

  it.each([
    ['Bees make honey from nectar. [1]', true],
    ['Bees make honey from nectar. [2]', false],
    ['Bees make honey from nectar. [9]', false],
    ['Wasps are yellow. [1, 3]', false],
  ])('finds whether "%s" is supported: %s', (statement, supported) => {
    const prompt = `Does the evidence support the statement? Answer with JSON only: {"supported": true|false, "why": "<a sentence>"}\n\nStatement: ${statement}\n\n${evidence}`
    expect(askJson(prompt)).toEqual({ supported, why: expect.stringMatching(/evidence/) as string })
  })

  it('takes a question apart by what it names', () => {
    const { questions } = askJson(
      'Break this question into three shorter questions. Answer with JSON only: {"questions": ["<question>"]}\n\nQuestion: How can a republic guard itself against faction?',
    ) as { questions: string[] }
    expect(questions).toHaveLength(3)
    for (const question of questions) expect(question).toMatch(/^(What|How) .*(republic|faction|guard).*\?$/)
  })
})

describe('a trial', () => {
  const text =
    'Every citizen must obey. In 1788 the states agreed, because they wanted peace. The plan is the best that was ever made. Although it is slow, it holds.'

  it('has points for and against, each about a sentence of the text', () => {
    const { weaknesses } = askJson(
      `You are a critic. Name up to 4 weaknesses. Answer with JSON only: {"weaknesses": ["<one each>"]}\n\nText: ${text}`,
    ) as { weaknesses: string[] }
    expect(weaknesses[0]).toBe(
      '“The plan is the best that was ever made.” is asserted, with neither a reason nor a figure.',
    )
    const { strengths } = askJson(
      `You are an advocate. Name up to 4 strengths. Answer with JSON only: {"strengths": ["<one each>"]}\n\nText: ${text}`,
    ) as { strengths: string[] }
    expect(strengths).toEqual([
      '“In 1788 the states agreed, because they wanted peace.” gives its reason (“because”).',
      '“The plan is the best that was ever made.” names a good that both sides want.',
      '“Although it is slow, it holds.” weighs the other side as well (“although”).',
    ])
  })

  it.each([
    ['One.', 'One.\nTwo.\nThree.', 'accept', 7.5],
    ['One.\nTwo.\nThree.', 'One.', 'reject', 2.5],
    ['One.', 'One.', 'revise', 5],
    ['The critic could not be heard.', 'One.', 'accept', 10],
  ])('with the critic saying %j and the advocate %j ends in %s', (critic, advocate, verdict, score) => {
    const prompt = `You are a judge. Answer with JSON only: {"verdict": "accept|revise|reject", "score": <0 to 10>, "why": "<one sentence>"}\n\nCritic: ${critic}\n\nAdvocate: ${advocate}\n`
    expect(askJson(prompt)).toEqual({
      verdict,
      score,
      why: expect.stringMatching(/for it, .* against it\.$/) as string,
    })
  })

  it('knows people, places and ideas apart', () => {
    const { entities } = askJson(
      'List up to 8 people, places or ideas. Answer with JSON only: {"entities": [{"name": "<name>", "kind": "person|place|idea", "role": "<what is said of it>"}]}\n\nText: In 1919 Arthur Eddington sailed to Principe. It was a test of Relativity.',
    ) as { entities: { name: string; kind: string; role: string }[] }
    expect(entities).toEqual([
      { name: 'Arthur Eddington', kind: 'person', role: 'In 1919 Arthur Eddington sailed to Principe.' },
      { name: 'Principe', kind: 'place', role: 'In 1919 Arthur Eddington sailed to Principe.' },
      { name: 'Relativity', kind: 'idea', role: 'It was a test of Relativity.' },
    ])
  })
})
