/** Who may import whom, as data for `check-imports.ts`; all paths are relative to `src/`. */

export interface RoomRule {
  /** Rooms that may be imported freely: values, types and `import()`. */
  may: readonly string[]
  /** Rooms of which only the contract files may be imported (see `contracts`). */
  contractsOf?: readonly string[]
  /** Rooms that may be loaded by `import()`, and in no other way. */
  lazily?: readonly string[]
}

/** Files directly in `src/`: the public SDK. */
export const root = '.'

const ground = ['std', 'domain']
const engine = ['expression', 'config', 'plugins', 'state', 'targets', 'observe', 'executor', 'workflow', 'fleet']
const door: RoomRule = { may: [...ground, 'config', 'app'] }

/** A room is the longest of these names that a file's path begins with. */
export const rooms: Readonly<Record<string, RoomRule>> = {
  std: { may: [] },
  domain: { may: ['std'] },
  documents: { may: ground },
  expression: { may: ground },
  config: { may: [...ground, 'documents'] },
  sandbox: { may: ground },
  plugins: { may: ground },
  state: { may: ground },
  targets: { may: ground },
  observe: { may: ground, contractsOf: ['state'] },
  executor: { may: ground, contractsOf: ['targets', 'plugins'] },
  workflow: { may: [...ground, 'documents', 'expression'], contractsOf: ['executor', 'state'] },
  fleet: { may: ground, contractsOf: ['executor', 'state'] },
  app: { may: [...ground, 'documents', ...engine] },
  'doors/cli': { ...door, lazily: ['doors/sdk', 'doors/mcp', 'doors/http', 'doors/tui', 'sandbox'] },
  'doors/sdk': door,
  'doors/mcp': door,
  'doors/http': door,
  'doors/tui': door,
  testing: { may: [...ground, 'app'], contractsOf: ['targets', 'plugins', 'executor', 'state'] },
  // Exports only; it picks what is public.
  [root]: { may: [...ground, ...engine, 'app', 'doors/sdk'] },
}

/** Files that say what a room is, without being a way to do it. */
export const contracts: Readonly<Record<string, readonly string[]>> = {
  targets: ['targets/target.ts'],
  plugins: ['plugins/plugin.ts'],
  executor: ['executor/contract.ts'],
  state: ['state/store/contract.ts', 'state/artifacts/contract.ts'],
}

export interface Family {
  folder: string
  /** What siblings share: files and folders in `folder` that are no members. Files right in it, unless `files`. */
  shared?: readonly string[]
  /** Members are single files, too. */
  files?: true
}

/** Members of a family never import each other. */
export const families: readonly Family[] = [
  { folder: 'targets' },
  { folder: 'state/store', shared: ['sql'] },
  { folder: 'executor/routing/strategies', files: true },
]

/** Packages too costly to load before they are needed: by `import()` only, but in the rooms named here. */
export const heavyPackages: Readonly<Record<string, readonly string[]>> = {
  ink: ['doors/tui'],
  react: ['doors/tui'],
  '@modelcontextprotocol/*': [],
  ai: [],
  '@ai-sdk/*': [],
  '@opentelemetry/*': [],
  pg: [],
  bullmq: [],
  ioredis: [],
}

/** Files that import what users name: the only computed imports. */
export const importsOfUsers: readonly string[] = ['plugins/import-file.ts']

/** Words that say nothing about what a file holds. */
export const emptyWords: readonly string[] = [
  ...['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'lib', 'manager', 'service', 'impl', 'base', 'types'],
]

/** A longer file under `src/` wants to be two things. */
export const mostLines = 400
