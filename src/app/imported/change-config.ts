/** The configuration that agents and prices are written into. */
import { lstat } from 'node:fs/promises'
import { readText } from '../../documents/text-file.ts'
import type { App } from '../app.ts'
import { changeFile } from '../change-file.ts'

/** Gives whether the file is new. Throws what reading it, `change` and `changeFile` throw. */
export async function changeConfig(
  { clock }: Pick<App, 'clock'>,
  file: string,
  change: (text: string) => Promise<string>,
): Promise<boolean> {
  let isNew = false
  await changeFile(file, clock, async () => {
    // A link that leads nowhere is no new file.
    isNew = (await lstat(file).catch(() => undefined)) === undefined
    return change(isNew ? '' : await readText(file, 'configuration'))
  })
  return isNew
}
