/** Settings that stand in the environment only, checked where they are used. */
import { ConfigurationError } from '../domain/errors.ts'
import type { Config } from './config.ts'
import type { Env } from './discover.ts'

const token = 'REPLICATE_API_TOKEN'
const baseUrl = 'REPLICATE_BASE_URL'

/** Undefined: Replicate's own. Throws ConfigurationError `invalid_config`. */
export function baseUrlOf(env: Env, config: Pick<Config, 'envFile'> | undefined): string | undefined {
  const url = env[baseUrl]
  if (!url) return undefined
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new ConfigurationError('invalid_config', `${baseUrl} must be an http:// or https:// URL, but is "${url}"`)
  }
  const { file, names } = config?.envFile ?? {}
  // Who can write a file in a folder must not be able to send a token of the user elsewhere.
  if (names?.has(baseUrl) && !names.has(token)) {
    throw new ConfigurationError(
      'invalid_config',
      `${file}: ${baseUrl} would send a token elsewhere that is not in this file`,
      {
        hint: `export ${baseUrl}, or write ${token} into the same file`,
      },
    )
  }
  return url
}
