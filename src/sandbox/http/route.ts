/** The route contract and the matcher over a literal list of routes. */
import type { SandboxContext } from '../context.ts'
import type { Answer } from './answer.ts'
import type { SandboxRequest } from './request.ts'

export interface Route {
  method: string
  /** `/v1/predictions/:id`; `:name` matches one segment. */
  path: string
  /** False where the link itself is the secret. */
  auth?: false
  maxBodyBytes?: number
  handle(context: SandboxContext, request: SandboxRequest): Answer | Promise<Answer>
}

export type Match = { route: Route; params: string[] } | 'unknown_path' | 'wrong_method'

export function createMatcher(routes: readonly Route[]): (method: string, path: string) => Match {
  // by number of segments first: most requests are told apart by two comparisons
  const byLength = new Map<number, { route: Route; segments: string[] }[]>()
  for (const route of routes) {
    const segments = route.path.split('/')
    const same = byLength.get(segments.length) ?? []
    same.push({ route, segments })
    byLength.set(segments.length, same)
  }
  return (method, path) => {
    const asked = path.split('/')
    let known = false
    for (const { route, segments } of byLength.get(asked.length) ?? []) {
      const params = paramsOf(segments, asked)
      if (!params) continue
      if (route.method === method || (method === 'HEAD' && route.method === 'GET')) return { route, params }
      known = true
    }
    return known ? 'wrong_method' : 'unknown_path'
  }
}

function paramsOf(segments: readonly string[], asked: readonly string[]): string[] | undefined {
  const params: string[] = []
  for (const [at, segment] of segments.entries()) {
    const given = asked[at] ?? ''
    if (!segment.startsWith(':')) {
      if (segment !== given) return undefined
      continue
    }
    if (given === '') return undefined
    try {
      params.push(decodeURIComponent(given))
    } catch {
      return undefined
    }
  }
  return params
}
