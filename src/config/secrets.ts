/** What of a configuration is not to be shown. */

export const masked = '***'

/** Whether a key or variable has the name of something secret: HF_TOKEN, api_key; not max_tokens. */
export function isSecretName(name: string): boolean {
  return /(^|[_-])(token|key|secret|password|passwd|passphrase|pwd|credentials?)$/i.test(name) || /apikey$/i.test(name)
}

/** A URL without the password in it; any other text as it is. */
export function withoutPassword(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@\s:]*):[^/@\s]*@/i, `$1:${masked}@`)
}
