/** Who may import whom: design rules as data, read by `check-imports.ts`. */

/** Rooms are the folders of `src/`; a file directly in `src/` is the room `sdk root`. */
export interface RoomRule {
  /** Rooms that may be imported freely. */
  may: readonly string[]
  /** Of these rooms only their contracts (see `contracts`). */
  contractsOf?: readonly string[]
  /** Rooms that may only be imported by `import()`. */
  lazily?: readonly string[]
}

const below = ['std', 'domain']
const engine = [
  ...below,
  'expression',
  'config',
  'plugins',
  'state',
  'targets',
  'observe',
  'executor',
  'workflow',
  'fleet',
]

export const rooms: Readonly<Record<string, RoomRule>> = {
  std: { may: [] },
  domain: { may: ['std'] },
  expression: { may: below },
  config: { may: below },
  sandbox: { may: below },
  plugins: { may: below },
  state: { may: below },
  targets: { may: below },
  observe: { may: below, contractsOf: ['state'] },
  executor: { may: below, contractsOf: ['targets', 'plugins'] },
  workflow: { may: [...below, 'expression'], contractsOf: ['executor', 'state', 'targets'] },
  fleet: { may: below, contractsOf: ['executor', 'state'] },
  app: { may: engine },
  doors: { may: [...below, 'config', 'app'], lazily: ['sandbox'] },
  testing: { may: [...below, 'app'], contractsOf: ['executor', 'state', 'targets', 'plugins', 'workflow'] },
  'sdk root': { may: [...engine, 'app', 'doors'] },
}

/** Files that say what a room is, without being a way to do it. */
export const contracts: readonly string[] = [
  'targets/target.ts',
  'executor/contract.ts',
  'state/store/contract.ts',
  'state/artifacts/contract.ts',
]

/** Folders whose members never import each other. */
export const families: readonly string[] = ['targets', 'state/store', 'executor/routing/strategies', 'doors']

/** Doors that may start another one, by `import()` only. */
export const starters: readonly string[] = ['doors/cli']

/** Packages that cost too much to load before they are needed: by `import()` only, but in these folders. */
export const heavy: Readonly<Record<string, readonly string[]>> = {
  ink: ['doors/tui'],
  react: ['doors/tui'],
  replicate: ['targets/replicate'],
  undici: ['targets/replicate'],
  '@modelcontextprotocol/sdk': [],
  '@modelcontextprotocol/server': [],
  '@modelcontextprotocol/client': [],
  pg: [],
  bullmq: [],
}

export const forbiddenWords: readonly string[] = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'lib',
  'manager',
  'service',
  'impl',
  'base',
  'types',
]

/** A file that wants to be two things. */
export const mostLines = 400
