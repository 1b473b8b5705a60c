/** One use case. Every door offers the same ones: the CLI verb, the MCP tool and the HTTP route are projections of this object. */
import type { z } from 'zod'
import type { RunEvent } from '../domain/events.ts'
import type { Problem } from '../domain/problem.ts'
import type { Driving } from '../workflow/engine.ts'
import type { App } from './app.ts'
import type { TestedCase } from './workflow-tests/report.ts'

/** What will be shown of a run while it goes on. */
export interface RunOutline {
  workflow: string
  /** In the order of the definition. */
  steps: readonly { id: string; group: 'steps' | 'finally'; level: number }[]
}

/** A run that this process drives, or follows while another one drives it. */
export type RunHandle = Omit<Driving, 'done'> & {
  outline: RunOutline
  /** What had happened before, for a run that goes on. */
  earlier: readonly RunEvent[]
}

export interface ActionContext {
  signal: AbortSignal
  /** Who asks, for the journal. */
  by: string
  /** Called once a run is driven or followed, so that the door can cancel, pause or leave it. */
  driving?(run: RunHandle): void
  /** Called with each case of tests, in order, once it and those before it are done. */
  tested?(one: TestedCase, file: string): void
  /** Called now and then by what takes long, with how much of it is done. */
  progressed?(done: number, whole: number): void
  /** Called with each piece, in order, of a text that may be too long to be held in memory. */
  piece?(text: string): void
  /** Something that the user should know and that stops nothing; `problem` is what it is about, if that has a place. */
  warn(message: string, problem?: Problem): void
}

export interface Action<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  noun: string
  verb: string
  summary: string
  input: I
  output: O
  run(app: App, input: z.output<I>, context: ActionContext): Promise<z.input<O>>
}

export type InputOf<A> = A extends Action<infer I> ? z.input<I> : never
export type OutputOf<A> = A extends Action<z.ZodType, infer O> ? z.output<O> : never

export function defineAction<I extends z.ZodType, O extends z.ZodType>(action: Action<I, O>): Action<I, O> {
  return action
}
