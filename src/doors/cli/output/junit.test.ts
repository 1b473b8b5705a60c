import { parseXml, type XmlElement } from '@rgrove/parse-xml'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JunitCase, junitXml } from './junit.ts'

const passed: JunitCase = { name: 'draw', classname: 'photo', time_s: 1.25, outcome: 'passed' }

function parsed(...cases: JunitCase[]): XmlElement {
  const xml = junitXml({ name: 'photo', suites: [{ name: 'run 1', file: 'photo.yaml', time_s: 2, cases }] })
  return parseXml(xml).root as XmlElement
}

function elements(parent: XmlElement): XmlElement[] {
  return parent.children.filter((child): child is XmlElement => child.type === 'element')
}

/** The test cases as they arrive at a reader of the file. */
function read(...cases: JunitCase[]) {
  return elements(elements(parsed(...cases))[0] as XmlElement).map((element) => ({
    ...(element.attributes as { name: string }),
    inside: elements(element).map(({ name, attributes, text }) => ({ name, ...attributes, text })),
  }))
}

describe('JUnit XML', () => {
  it('counts cases by outcome, in a suite and in all of them', () => {
    const root = parsed(
      passed,
      { ...passed, outcome: 'failed', message: 'no' },
      { ...passed, outcome: 'error', message: 'broken' },
      { ...passed, outcome: 'skipped' },
    )
    const totals = { tests: '4', failures: '1', errors: '1', skipped: '1', time: '2.000' }
    expect(root.name).toBe('testsuites')
    expect(root.attributes).toEqual({ name: 'photo', ...totals })
    expect(elements(root)[0]?.attributes).toEqual({ name: 'run 1', file: 'photo.yaml', ...totals })
  })

  it('gives a case that passed no content, and one that failed its message, text and output', () => {
    const failed: JunitCase = {
      ...{ ...passed, outcome: 'failed', message: 'too dark', text: 'seen: 12\nwanted: 40' },
      ...{ file: 'photo.yaml', line: 14, stdout: 'attempt 1\n' },
    }
    expect(read(passed, failed)).toEqual([
      { name: 'draw', classname: 'photo', time: '1.250', inside: [] },
      {
        ...{ name: 'draw', classname: 'photo', time: '1.250', file: 'photo.yaml', line: '14' },
        inside: [
          { name: 'failure', message: 'too dark', text: 'seen: 12\nwanted: 40' },
          { name: 'system-out', text: 'attempt 1\n' },
        ],
      },
    ])
  })

  it('writes a suite without cases', () => {
    expect(elements(parsed())[0]?.attributes['tests']).toBe('0')
  })

  it('shows what XML has no way to write as a visible stand-in', () => {
    const [found] = read({ ...passed, name: 'a\u0000b\u001bc\ud800d\uffff', stdout: 'bell \u0007' })
    expect(found).toMatchObject({ name: 'a␀b␛c\ufffdd\ufffd', inside: [{ text: 'bell ␇' }] })
  })

  it('is read back as it was given, whatever it holds', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('<', '>', '&', '"', "'", '\r', '\n', '\t', ' ', ']]>'),
        fc.string({ unit: 'grapheme' }),
      ),
    })
    fc.assert(
      fc.property(text, text, (name, output) => {
        const [found] = read({ ...passed, name, outcome: 'error', message: output, text: output, stdout: name })
        expect(found?.name).toBe(name)
        expect(found?.inside[0]).toEqual({ name: 'error', message: output, text: output })
        expect(found?.inside[1]?.text ?? '').toBe(name)
      }),
      { numRuns: 200 },
    )
  })
})
