import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { systemClock } from '../../../std/clock.ts'
import { temporaryFolder } from '../../../testing/temporary-folder.ts'
import { checkStore } from '../check.ts'
import { openStore } from '../open.ts'
import { migrations, storeVersion } from '../sql/migrations.ts'
import { sqliteDialect } from './port.ts'

it('brings a store of every older version up to date, with the runs that are in it', async () => {
  for (let version = 1; version < storeVersion; version += 1) {
    const folder = await temporaryFolder()
    const database = new DatabaseSync(folder.file('store.db'))
    for (const migration of migrations.slice(0, version)) for (const sql of migration(sqliteDialect)) database.exec(sql)
    database.exec(`
      insert into runs (run_id, workflow, status, definition_hash, sandbox, attempt, cost_usd, created_at, updated_at, seq)
        values ('r', 'w', 'succeeded', 'h', 0, 1, 0.5, 1, 2, 1);
      insert into definitions (hash, body) values ('h', '{}');
      insert into events (run_id, seq, body) values ('r', 1, '{"seq":1,"time":1,"type":"run.pausing","by":"x"}');
      pragma application_id = ${0x52704167};
      pragma user_version = ${version}`)
    database.close()
    const store = await openStore({ home: folder.path, durability: 'full', clock: systemClock, random: Math.random })
    expect(await store.getRun('r')).toMatchObject({ workflow: 'w', cost_usd: 0.5, seq: 1 })
    expect(await store.readEvents('r')).toHaveLength(1)
    expect(await store.releasedFiles()).toEqual(new Map())
    await store.close()
    expect(await checkStore({ home: folder.path })).toMatchObject({ version: storeVersion, problems: [] })
    await folder.remove()
  }
})
