import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../std/random.ts'
import { answerPrompt } from './answer.ts'
import type { SeenPicture } from './subject-matter.ts'
import { sentences, tokens } from './words.ts'

const ask = (prompt: string, more: { system?: string; pictures?: SeenPicture[] } = {}) =>
  answerPrompt({ prompt, random: seededRandom(1), ...more })
const askJson = (prompt: string, more: { system?: string; pictures?: SeenPicture[] } = {}): unknown =>
  JSON.parse(ask(prompt, more))
const shown = (description: string, looks = 0.5): SeenPicture => ({ description, looks, width: 512, height: 512 })

const angry =
  'I ordered the kettle three weeks ago and it still has not arrived. Nobody answers my emails. I want a refund immediately!\n\nRegards,\nMartha'
const pleased = 'Absolutely love this mug. It feels sturdy, and the colour is beautiful. Would recommend!'
const article = `The Great Eclipse of 1919

On May 29, 1919, two British expeditions photographed stars around the darkened sun. One party, led by Arthur Eddington, had sailed to the island of Principe off the west coast of Africa; the other went to Sobral in Brazil. Their purpose was to test a prediction of Albert Einstein, that light is bent by gravity. The weather at Principe was cloudy and it rained in the morning. Eddington was able to take sixteen photographs, of which only two were useful. At Sobral the sky was clear and the plates showed the stars well. When the results were announced in London in November 1919, newspapers around the world carried the story. Einstein became famous overnight. The Royal Society met to hear the results.`

describe('judging', () => {
  const pictures = [
    shown('a blue bottle on a beach'),
    shown('a red enamel mug on a wooden table', 0.4),
    shown('a red enamel mug on a wooden table', 0.6),
  ]

  it('picks the picture that fits, the better looking of two equals, as the JSON that was asked for', () => {
    const prompt =
      'Which of these 3 pictures fits best for a product page of a red enamel mug? Answer as JSON {"best": n, "reason": "..."}'
    expect(askJson(prompt, { pictures })).toEqual({ best: 3, reason: expect.stringContaining('Number 3 fits best') })
  })

  it('judges listed captions, from one or from zero', () => {
    const list = '\n1. a blue bottle\n2. a red mug on a table\n3. an old red enamel mug on a wooden table\n'
    const prompt = `The brief: "red enamel mug on a wooden table". Candidates:${list}`
    expect(askJson(`${prompt}Reply only with JSON: {"best": <number 1-3>, "scores": [..]}`)).toMatchObject({
      best: 3,
      scores: [expect.any(Number), expect.any(Number), expect.any(Number)],
    })
    expect(askJson(`${prompt}Reply as JSON with keys best and reason, with a 0-based index.`)).toMatchObject({
      best: 2,
    })
    expect(ask(`${prompt}Answer with the number only.`)).toBe('3')
  })

  it('scores within the range that was named, and a faithful summary above a false one', () => {
    const prompt = (summary: string) =>
      `Score this summary from 0 to 10. Answer as JSON {"score": n, "reason": "..."}.\n\nOriginal: ${article}\n\nSummary: ${summary}`
    const score = (summary: string) => (askJson(prompt(summary)) as { score: number }).score
    const good = score(
      'Eddington photographed stars around the sun in 1919 to test the prediction of Einstein that light is bent by gravity.',
    )
    const bad = score(
      'Bananas are cheap this week because of a strike of the supermarket drivers in Norway and Finland.',
    )
    expect(good).toBeGreaterThan(7)
    expect(bad).toBeLessThan(5)
    const share = (
      askJson('Rate the draft between 0 and 1 as JSON {"score": 0.0}\nDraft: The sea is wide. It has many ships.') as {
        score: number
      }
    ).score
    expect(share).toBeGreaterThan(0)
    expect(share).toBeLessThanOrEqual(1)
  })
})

describe('reviews', () => {
  it('are classified by the keys and values that the prompt gives in words', () => {
    const prompt = (review: string) =>
      `Classify this customer review. Answer as JSON with the keys sentiment (positive, neutral or negative), urgency (low, medium or high) and topic (shipping, quality, billing, other).\n\nReview: ${review}`
    expect(askJson(prompt(angry))).toEqual({ sentiment: 'negative', urgency: 'high', topic: 'shipping' })
    expect(askJson(prompt(pleased))).toEqual({ sentiment: 'positive', urgency: 'low', topic: 'quality' })
  })

  it('are classified by the template that the prompt gives', () => {
    const prompt = `Classify the review below. Return JSON: {"sentiment": "positive|neutral|negative", "urgency": 1-5, "topic": "delivery|product|payment|other", "summary": "one sentence", "needs_human": true}\n\n"""${angry}"""`
    expect(askJson(prompt)).toEqual({
      sentiment: 'negative',
      urgency: 5,
      topic: 'delivery',
      summary: expect.stringContaining('kettle'),
      needs_human: true,
    })
  })

  it('get JSON when only the system prompt asks for it', () => {
    expect(
      askJson(`Review: ${pleased}`, {
        system: 'You classify reviews. Answer only with JSON: {"sentiment": "positive|negative"}',
      }),
    ).toEqual({ sentiment: 'positive' })
  })

  it('are labelled in one word', () => {
    expect(
      ask(
        `Classify this text as sports, politics or cooking:\n\nText: Simmer the sauce, then cooking takes ten minutes.`,
      ),
    ).toBe('cooking')
    expect(ask(`Is this review positive or negative? ${pleased}`)).toBe('positive')
    expect(ask(`What is the sentiment of this review? Not good at all, it broke at once.`)).toBe('negative')
  })

  it('are answered by name, and by what they are about', () => {
    const reply = ask(`Write a friendly reply to this customer review:\n\n${angry}`)
    expect(reply).toMatch(/^Dear Martha,/)
    expect(reply).toContain('refund')
    expect(reply).toContain('tracing the parcel')
    expect(ask(`Write a reply to this review.\n\nReview: ${pleased}`)).toContain('Thank you for your kind words')
  })
})

describe('articles', () => {
  it('are summarised in their own sentences, as many as asked for', () => {
    const summary = ask(`Summarise this article in two sentences.\n\n${article}`)
    expect(sentences(summary)).toHaveLength(2)
    for (const sentence of sentences(summary)) expect(article).toContain(sentence)
    expect(ask(`Summarise in at most 40 words:\n\n${article}`).split(' ').length).toBeLessThanOrEqual(45)
    expect(ask(`Summarise the article in three bullet points.\n\n${article}`).split('\n')).toHaveLength(3)
  })

  it('become a script for two voices', () => {
    const script = ask(
      `Turn this article into a podcast script between a host and a guest, about 300 words.\n\n${article}`,
    )
    const lines = script.split('\n')
    expect(lines.every((line, at) => line.startsWith(at % 2 === 0 ? 'HOST: ' : 'GUEST: '))).toBe(true)
    expect(lines[0]).toContain('The Great Eclipse of 1919')
    expect(lines.length).toBeGreaterThanOrEqual(8)
    expect(script).toContain('Eddington')
    const asJson = askJson(
      `Write a podcast dialogue from the article below. Return JSON {"title": "...", "lines": [{"speaker": "HOST|GUEST", "text": "..."}]}\n\nArticle:\n${article}`,
    )
    expect(asJson).toMatchObject({
      title: 'The Great Eclipse of 1919',
      lines: expect.arrayContaining([{ speaker: 'GUEST', text: expect.any(String) }]),
    })
  })

  it('give up their names, places and dates', () => {
    expect(
      askJson(`Extract entities as JSON with keys people, places, organizations and dates.\n\nText: ${article}`),
    ).toMatchObject({
      people: expect.arrayContaining(['Arthur Eddington', 'Albert Einstein']),
      places: expect.arrayContaining(['Principe', 'Sobral', 'Brazil', 'London']),
      organizations: expect.arrayContaining(['Royal Society']),
      dates: expect.arrayContaining(['May 29, 1919']),
    })
    expect(
      ask('Extract all e-mail addresses.\n\nText: Write to a.b@example.org or c@example.com, not to anyone else.'),
    ).toBe('a.b@example.org\nc@example.com')
  })

  it('are argued for and against, asked about and answered from', () => {
    expect(ask(`You are a critic. Argue against this: ${article}`)).toContain('some doubts')
    expect(ask(`You are an advocate. Defend this: ${article}`)).toContain('The case for')
    expect(ask(`How many photographs was Eddington able to take?\n\nContext: ${article}`)).toContain(
      'sixteen photographs',
    )
    expect(ask('Give me 3 search queries about the history of tea.').split('\n')).toEqual(
      expect.arrayContaining([expect.stringContaining('the history of tea')]),
    )
  })
})

describe('prompts as workflows write them', () => {
  it('name the product first when a picture prompt is asked for', () => {
    const prompt = `Write one prompt for an image model, for a product photo of: a hand-thrown ceramic coffee mug
Name the product first, say nothing of light or background, use at most 25 words. Answer with the prompt only.
`
    const said = ask(prompt)
    expect(said).toMatch(/^(Product photograph of )?a hand-thrown ceramic coffee mug/i)
    expect(said.split(/\s+/).length).toBeLessThanOrEqual(25)
    expect(said).not.toMatch(/\b(light|background|backdrop)\b/)
  })

  it('let an art director choose among four pictures', () => {
    const pictures = [0.3, 0.4, 0.9, 0.2].map((looks) => shown('a ceramic coffee mug, studio light', looks))
    const prompt = `These 4 pictures show: a hand-thrown ceramic coffee mug.
Which of them is the best product photo: sharp, well lit, with the product in full view?
Answer with JSON only: {"best": <the number of the picture, from 1>, "why": "<one sentence>"}
`
    const system = 'You are an art director who chooses pictures for a shop.'
    expect(askJson(prompt, { pictures, system })).toEqual({ best: 3, why: expect.stringContaining('Number 3') })
  })

  const classify = (review: string) =>
    askJson(`Classify this review of a pottery shop. Answer with JSON only:
{"sentiment": "positive|neutral|negative", "topic": "delivery|quality|billing|service|usability", "urgency": "low|medium|high"}
High urgency means danger, injury, or money that has to be returned.

Review: ${review}
`)

  it('sort reviews, the hints in the instruction not being mistaken for the review', () => {
    expect(
      classify(
        '5 out of 5 stars. The blue mug is even lovelier than in the pictures. It keeps my tea warm. Thank you!',
      ),
    ).toEqual({ sentiment: 'positive', topic: expect.any(String), urgency: 'low' })
    expect(
      classify(
        '1 out of 5 stars. The teapot arrived with a cracked handle. It broke while I was pouring and the boiling water burned my hand. This is dangerous and I want a refund today.',
      ),
    ).toEqual({ sentiment: 'negative', topic: 'quality', urgency: 'high' })
    expect(classify('2 out of 5 stars. The parcel came ten days late. The bowl itself is fine.')).toEqual({
      sentiment: 'negative',
      topic: 'delivery',
      urgency: expect.stringMatching(/low|medium/),
    })
  })

  it('draft a reply that is signed and promises what it was told to', () => {
    const reply = ask(`Write a short, friendly reply of the shop "Copper Kettle Pottery" to this review about quality.
Say that a person will call today.

Review: The teapot arrived with a cracked handle. This is dangerous.
`)
    expect(reply).toContain('Copper Kettle Pottery')
    expect(reply).toContain('will call today')
  })

  it('write a dialogue of so many lines and no more', () => {
    const script =
      ask(`Write a podcast script about the text below, a dialogue between a host and a guest, at most 8 lines.
Every line begins with HOST: or GUEST: and holds one turn. No other text.

Text: It is interesting to contemplate an entangled bank, clothed with many plants of many kinds. There is grandeur in this view of life. From so simple a beginning endless forms most beautiful have been evolved.
`)
    const lines = script.split('\n')
    expect(lines.length).toBeLessThanOrEqual(8)
    expect(lines.every((line) => /^(HOST|GUEST): ./.test(line))).toBe(true)
    expect(script).toContain('grandeur')
  })
})

describe('other requests', () => {
  it('write a prompt for a picture of what was named', () => {
    expect(ask('Write a prompt for an image model: a product photo of a handmade green ceramic vase')).toMatch(
      /^Product photograph of a handmade green ceramic vase, /,
    )
  })

  it('translate there and back, word for word', () => {
    const there = ask('Translate to French: the night is long and the sea is cold')
    expect(there).toBe('la nuit est long et la mer est froid')
    expect(ask(`Translate to English: ${there}`)).toBe('the night is long and the sea is cold')
  })

  it('rewrite, describe, and answer a greeting', () => {
    expect(ask("Rewrite in a formal tone: I can't come, I'm gonna be late!")).toBe(
      'I cannot come, I am going to be late.',
    )
    expect(ask('What do you see?', { pictures: [shown('a red car')] })).toBe('The picture shows a red car.')
    expect(ask('Hello!')).toBe('Hello! How can I help you today?')
  })

  it.each([
    '',
    '?',
    '{',
    '{"a": ',
    'JSON',
    '1.',
    '```',
    '\n\n\n',
    '[] {} () |',
    'Answer as JSON {"": 1}',
    'x'.repeat(5_000),
    ': : :',
    'Summarise:',
  ])('are met with an answer even when they make no sense (%#)', (prompt) => expect(typeof ask(prompt)).toBe('string'))

  it('lose nothing when cut into tokens', () => {
    const text = 'Dear Martha,\n\nThank you… “It’s fine”, 3.5 €!  Two  spaces.'
    expect(tokens(text).join('')).toBe(text)
  })
})
