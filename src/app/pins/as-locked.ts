/** The name of a model with the version that its next call takes, as far as the lock file tells. */
import { officialVersion, type VersionPin } from '../../domain/version-pin.ts'
import type { App, World } from '../app.ts'

export async function asLocked(app: App, world: World, model: string, pin: VersionPin): Promise<string> {
  if (model.includes(':') || (pin === 'latest' && !app.frozen)) return model
  const locked = (await (await app.lock(world))?.read())?.models.get(model)
  return locked === undefined || locked.version === officialVersion ? model : `${model}:${locked.version}`
}
