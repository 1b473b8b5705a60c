/** What a verb is given besides its arguments: the surroundings, printing, and the app, made when first asked for. */
import { userInfo } from 'node:os'
import type { Action, ActionContext, InputOf, OutputOf } from '../../app/action.ts'
import type { Problem } from '../../domain/problem.ts'
import type { App } from '../../app/app.ts'
import type { AppChoice } from './app-options.ts'
import type { GithubLog } from './github/github-log.ts'
import type { Style } from './output/style.ts'
import type { Surroundings } from './surroundings.ts'

export interface CommandContext extends Surroundings {
  /** Colours for stdout and for stderr. */
  style: Style
  errorStyle: Style
  /** In a job of GitHub Actions. */
  github: GithubLog | undefined
  json: boolean
  debug: boolean
  /** Who does it, for the journal. */
  user: string
  print(line?: string): void
  /** To stderr. */
  note(line?: string): void
  warn(message: string, problem?: Problem): void
  /** Keeps warnings, which would tear what is drawn, until the function is called that it gives. */
  holdWarnings(): () => void
  /** Prints an error as the program does that ends with it. */
  report(error: unknown): void
  printJson(value: unknown): void
  /** The app with the options of this verb; the program closes it. */
  app(choice?: AppChoice): Promise<App>
  call<A extends Action>(app: App, action: A, input: InputOf<A>, more?: Partial<ActionContext>): Promise<OutputOf<A>>
  /** Everything on stdin. */
  readStdin(): Promise<string>
}

export function currentUser(env: Readonly<Record<string, string | undefined>>): string {
  try {
    return userInfo().username
  } catch {
    return env['USER'] ?? 'somebody'
  }
}
