/**
 * What completion scripts ask on a Tab: `__complete KIND WORD…`, with the words of the command line. Prints a candidate a
 * line, with a description behind a tab; nothing when something is wrong, for there is nobody to tell.
 */
import { completions, dynamicKinds } from '../../../app/completions.ts'
import { createApp } from '../../../app/create-app.ts'
import { defined } from '../../../std/defined.ts'
import { oneLine } from '../output/printable.ts'

interface Asked {
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  write(text: string): void
}

export async function answerCompletion([kind, ...words]: readonly string[], { env, cwd, write }: Asked): Promise<void> {
  const known = dynamicKinds.find((name) => name === kind)
  if (!known) return
  const [storeUrl, checkpointDir] = [valueOf('--store', words), valueOf('--checkpoint-dir', words)]
  const named = words.includes('--no-config') ? false : valueOf('--config', words)
  const app = await createApp({
    ...{ env, cwd },
    // Where the store is may be configured; nothing else is asked of it here.
    ...defined({ config: known === 'run' || known === 'step' ? named : (false as const) }),
    ...(storeUrl !== undefined && { storeUrl }),
    ...(checkpointDir !== undefined && { checkpointDir }),
  })
  try {
    const found = await completions(app, known, words.filter((word) => !word.startsWith('-')).slice(2), named)
    const lines = found
      .filter(({ value }) => !/[\s\p{Cc}]/u.test(value))
      .map(({ value, description }) => (description === '' ? `${value}\n` : `${value}\t${oneLine(description, 60)}\n`))
    write(lines.join(''))
  } catch {
    // No candidates, then.
  } finally {
    await app.close().catch(() => {})
  }
}

/** `--store x` or `--store=x`. */
function valueOf(option: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(option)
  const next = words[at + 1] === '=' ? words[at + 2] : words[at + 1]
  if (at >= 0 && next) return next
  return words.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1)
}
