/** What a job of GitHub Actions offers its steps: commands by the log, and files that are read when the step is over. */
import { appendFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { ShownProblem } from '../output/problem.ts'
import type { TextStream } from '../surroundings.ts'
import { workflowCommand } from './workflow-command.ts'

export type Level = 'error' | 'warning' | 'notice'

export interface GithubLog {
  /** Marks a place in a file, or the job when there is none. GitHub shows the first 10 of each level and step. */
  annotate(level: Level, message: string, at?: { title?: string; file?: string; line?: number; column?: number }): void
  problem(problem: ShownProblem): void
  command(name: string, message?: string): void
  /** Adds to a file that the runner has given the step; without one, nothing. Warns when it can't be written. */
  append(file: 'GITHUB_OUTPUT' | 'GITHUB_STEP_SUMMARY', text: string): void
}

type Environment = Readonly<Record<string, string | undefined>>

/** Undefined outside of GitHub Actions. Commands go to stderr: stdout is the result's. */
export function githubLog(env: Environment, cwd: string, stderr: TextStream): GithubLog | undefined {
  if (env['GITHUB_ACTIONS'] !== 'true') return undefined
  const root = env['GITHUB_WORKSPACE'] || cwd
  const send = (line: string) => void stderr.write(`${line}\n`)
  const annotate: GithubLog['annotate'] = (level, message, { title, file, line, column } = {}) => {
    const path = file === undefined ? undefined : relative(root, resolve(cwd, file))
    send(workflowCommand(level, message, { title, file: path, line, col: column }))
  }
  return {
    annotate,
    problem({ severity, message, hint, file, line, column }) {
      annotate(severity, withHint(message, hint), { file, line, column })
    },
    command: (name, message = '') => send(workflowCommand(name, message)),
    append(name, text) {
      const file = env[name]
      if (!file) return
      try {
        appendFileSync(file, text)
      } catch (error) {
        // A run is not worth less for it.
        annotate('warning', `$${name} can't be written: ${(error as Error).message}`)
      }
    },
  }
}

export function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}\n${hint}`
}
