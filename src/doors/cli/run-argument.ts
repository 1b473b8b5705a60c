/** The argument that names a run. */
import { required } from './option.ts'

export const runArgument = { run: required('an id, a unique prefix of one, `last`, or `last~1` for the one before') }
