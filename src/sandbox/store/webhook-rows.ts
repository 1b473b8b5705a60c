/** Predictions whose webhook still has something to be told, as rows; a row goes when all was said. */
import type { DatabaseSync } from 'node:sqlite'

export interface WebhookRow {
  prediction: string
  /** Who sends: one running sandbox. */
  holder: string
  /** 1 once the `start` event was sent. */
  begun: number
  /** How often the `completed` event was tried. */
  tries: number
}

export function openWebhookRows(database: DatabaseSync, holder: string) {
  const insert = database.prepare('insert into webhooks values (?, ?, 0, 0)')
  const all = database.prepare('select * from webhooks')
  const update = database.prepare('update webhooks set begun = ?, tries = ? where prediction = ?')
  const take = database.prepare('update webhooks set holder = ? where prediction = ? and holder = ?')
  const remove = database.prepare('delete from webhooks where prediction = ?')
  return {
    insert: (prediction: string) => void insert.run(prediction, holder),
    all: () => all.all() as unknown as WebhookRow[],
    update: (row: WebhookRow) => void update.run(row.begun, row.tries, row.prediction),
    /** False when another one took it first. */
    take: (row: WebhookRow) => Number(take.run(holder, row.prediction, row.holder).changes) === 1,
    remove: (prediction: string) => void remove.run(prediction),
  }
}
export type WebhookRows = ReturnType<typeof openWebhookRows>
