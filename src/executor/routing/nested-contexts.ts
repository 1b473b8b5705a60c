/** The contexts that a call counts in: `task=a`, then `task=a step=b`, up to its whole key; none for an empty key. */
export function nestedContexts(key: string): string[] {
  const contexts: string[] = []
  for (let end = key.indexOf(' '); end >= 0; end = key.indexOf(' ', end + 1)) contexts.push(key.slice(0, end))
  if (key !== '') contexts.push(key)
  return contexts
}
