/** Who one is, what machines there are, and what webhooks are signed with. */
import { hardwareList } from '../catalogue/hardware.ts'
import { ok } from './answer.ts'
import type { Route } from './route.ts'

export const account = {
  type: 'user',
  username: 'sandbox',
  name: 'Sandbox',
  github_url: 'https://github.com/replicate',
}

export const accountRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/account', handle: () => ok(account) },
  { method: 'GET', path: '/v1/hardware', handle: () => ok(hardwareList.map(({ sku, name }) => ({ name, sku }))) },
  { method: 'GET', path: '/v1/webhooks/default/secret', handle: (context) => ok({ key: context.secret }) },
]
