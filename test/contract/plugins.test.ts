/** The suite that every plugin must pass, on the built-in ones. */
import { contentFilter } from '../../src/plugins/builtin/content-filter.ts'
import { costCap } from '../../src/plugins/builtin/cost-cap.ts'
import { piiMask } from '../../src/plugins/builtin/pii-mask.ts'
import { testPlugin } from '../../src/testing/plugin-contract.ts'

testPlugin(piiMask, { badOptions: [{ kinds: 'email' }, { patterns: { a: '(' } }, { restore: 'yes' }] })
testPlugin(costCap, { options: { max_usd: 1 }, badOptions: [{}, { max_usd: 0 }, { max_usd: 1, per: 'day' }] })
testPlugin(contentFilter, {
  options: { words: ['dragon'] },
  badOptions: [{}, { agent: 'a', action: 'mask' }, { words: ['a'], score: 'output' }],
})
