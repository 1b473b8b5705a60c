/** What the loop is told between its turns; it sleeps while there is nothing. */
import type { WorkRef } from '../../domain/events.ts'
import { deferred } from '../../std/deferred.ts'
import type { WorkOutcome } from './work.ts'

export type Message =
  | { kind: 'work'; ref: WorkRef; outcome: WorkOutcome }
  | { kind: 'cancel' | 'pause'; by: string }
  | { kind: 'timeout' }
  | { kind: 'expired'; ref: WorkRef }
  | { kind: 'poll' }
  | { kind: 'crash'; error: unknown }

export class Inbox {
  #messages: Message[] = []
  #wake = deferred()

  get isEmpty(): boolean {
    return this.#messages.length === 0
  }

  post(message: Message): void {
    this.#messages.push(message)
    this.#wake.resolve()
  }

  /** Everything posted since the last call, in order. */
  take(): Message[] {
    const messages = this.#messages
    this.#messages = []
    this.#wake = deferred()
    return messages
  }

  /** Resolves at the next post; at once when something is there. */
  async wait(): Promise<void> {
    if (this.isEmpty) await this.#wake.promise
  }
}
