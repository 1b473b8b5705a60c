/** Every verb of the program: its name, what it does in a few words, and where it is; loaded only when it is asked for. */
import type { Command } from '../command.ts'

export interface VerbEntry {
  summary: string
  load(): Promise<Command>
}

export interface NounEntry {
  summary: string
  verbs: Readonly<Record<string, VerbEntry>>
}

export const nounTable: Readonly<Record<string, NounEntry>> = {
  workflows: {
    summary: 'check, plan, draw and run workflow files',
    verbs: {
      validate: {
        summary: 'list everything that is wrong with workflow files',
        load: async () => (await import('./workflows/validate.ts')).validate,
      },
      graph: {
        summary: 'draw the steps and what needs what',
        load: async () => (await import('./workflows/graph.ts')).graph,
      },
      list: {
        summary: 'list the workflows that can be named from here',
        load: async () => (await import('./workflows/list.ts')).list,
      },
    },
  },
}

/** Verbs without a noun. */
export const verbTable: Readonly<Record<string, VerbEntry>> = {
  expr: {
    summary: 'evaluate or check an expression',
    load: async () => (await import('./expr.ts')).expr,
  },
}

/** Short names for what is typed most. */
export const aliases: Readonly<Record<string, readonly [noun: string, verb: string]>> = {
  run: ['workflows', 'run'],
  validate: ['workflows', 'validate'],
}
