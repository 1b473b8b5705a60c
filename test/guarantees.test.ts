import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs/guarantees.md'), 'utf8')
const commands = [...text.matchAll(/`(?:npm test -- ([^`]+)|node (scripts\/[\w-]+\.cjs)[^`]*)`/g)]

describe('the commands that show a guarantee', () => {
  it.each(commands.map(([command, tests, script]) => ({ command, places: tests?.split(' ') ?? [script ?? ''] })))(
    '$command run something',
    ({ places }) => {
      for (const place of places) {
        const files = globSync([place, `${place}/**/*.test.{ts,tsx}`], { cwd: root })
        expect(
          files.filter((file) => /\.(test\.tsx?|cjs)$/.test(file)),
          place,
        ).not.toEqual([])
      }
    },
  )

  it('stand in every row of the table', () => {
    expect(commands.length).toBeGreaterThan(10)
    for (const row of text
      .slice(text.indexOf('| promise |'))
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2))
      expect(row).toMatch(/`(npm test|node scripts)|\| the same \|$/)
  })
})
