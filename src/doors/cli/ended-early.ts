/** Tells of an end of the process that the program did not decide on, which would else look like success. */
import { writeSync } from 'node:fs'
import { exitCodeOfError } from './exit-codes.ts'
import { stopCodes } from './surroundings.ts'

/** With these the program ends itself where nothing more can be written. */
const ownCodes: readonly number[] = [stopCodes.EPIPE, exitCodeOfError.store]

/** Until what it gives is called, the program is not done. */
export function tellOfEarlyEnd(): () => void {
  const listener = (code: number) => {
    if (ownCodes.includes(code)) return
    process.exitCode = code === 0 ? exitCodeOfError.internal : code
    try {
      writeSync(
        2,
        'error: the program was ended before its work was done: something in it, such as a plugin, called process.exit\n' +
          'help: put it right, or take it out of `plugins` in replicate-agent.yaml; a run that was on its way goes on with `runs resume last`\n',
      )
    } catch {
      // There is no place left to say it.
    }
  }
  process.once('exit', listener)
  return () => void process.removeListener('exit', listener)
}
