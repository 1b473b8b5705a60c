/** Names that say what a file holds, in kebab-case, and files that hold one thing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { emptyWords, mostLines } from './rooms.ts'
import { gitFiles } from './source-modules.ts'

export function nameProblems(root: string): string[] {
  const files = gitFiles(root, 'src', 'test', 'scripts', 'bench', 'bin').filter(
    (file) => /\.([cm]?js|tsx?)$/.test(file) && !file.startsWith('test/fixtures/'),
  )
  const sizes = files.filter((file) => file.startsWith('src/')).flatMap((file) => sizeProblems(root, file))
  return [...files.flatMap(wordProblems), ...sizes]
}

function wordProblems(file: string): string[] {
  return file.split('/').flatMap((part) => {
    // `plan.test.ts` is the name `plan`, with what kind of file it is.
    const name = part.replace(/(\.(test|fixture|config))?\.([cm]?js|tsx?)$/, '')
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return [`${file}: "${name}" is not kebab-case`]
    const empty = name.split('-').filter((word) => emptyWords.includes(word))
    return empty.map((word) => `${file}: "${word}" says nothing; name the one thing that it holds`)
  })
}

function sizeProblems(root: string, file: string): string[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1
  return lines > mostLines ? [`${file}: ${lines} lines; a file of more than ${mostLines} wants to be two`] : []
}
