/** Everything that is wrong with the configuration, or with files that are to be one. */
import { z } from 'zod'
import { type Config, createConfig, type Failure } from '../../../config/config.ts'
import { baseUrlOf } from '../../../config/environment.ts'
import { openConfig } from '../../../config/open.ts'
import { defined } from '../../../std/defined.ts'
import { ReplicateAgentError } from '../../../domain/errors.ts'
import { type Problem, ProblemsError } from '../../../domain/problem.ts'
import { configWarnings } from '../../config-warnings.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { qualityFaults } from '../../quality-faults.ts'
import { problemShape } from '../../problem-shape.ts'

export const checkConfig = defineAction({
  noun: 'config',
  verb: 'check',
  summary: 'check the configuration that is found here, or files, and list everything wrong with them',
  input: z.object({
    files: z.array(z.string()).default([]).describe('each is checked by itself; none: what is found'),
  }),
  output: z.object({
    valid: z.boolean(),
    files: z.array(z.string()).describe('those that were checked, `.env` among them'),
    problems: z.array(problemShape),
  }),
  async run(app, { files }) {
    const { cwd, env } = app
    const configs =
      files.length === 0
        ? [await app.config()]
        : await Promise.all(
            files.map(
              async (file) => (await openConfig({ cwd, env, config: file, check: qualityFaults })) ?? emptyConfig(app),
            ),
          )
    const problems: Problem[] = []
    for (const config of configs) problems.push(...(await problemsOf(config, app)))
    for (const config of configs) problems.push(...(await pluginProblems(config)))
    if (files.length === 0) problems.push(...(await environmentProblems(app, problems)))
    const valid = problems.every(({ severity }) => severity !== 'error')
    return { valid, files: [...new Set(configs.flatMap(filesOf))], problems }
  },
})

function emptyConfig({ cwd, env }: App): Config {
  return createConfig({ cwd, env, files: [], layers: [] })
}

function filesOf({ files, envFile }: Config): string[] {
  return [...files.map(({ file }) => file), ...(envFile ? [envFile.file] : [])]
}

async function problemsOf(config: Config, app: App): Promise<Problem[]> {
  return [...config.failures.flatMap(problemsIn), ...config.problems, ...(await configWarnings(config, app))]
}

/** Plugins are loaded, so that their own schemas can say what is wrong with their options. */
async function pluginProblems(config: Config): Promise<readonly Problem[]> {
  if (!config.spec.plugins?.length) return []
  const { configuredPlugins } = await import('../../plugins/configured.ts')
  return (await configuredPlugins(config)).problems
}

/** What the environment says is checked as well; it stands in no file. */
async function environmentProblems(app: App, known: readonly Problem[]): Promise<Problem[]> {
  if (known.some(({ severity }) => severity === 'error')) return []
  const found: Problem[] = []
  const checks = [async () => void baseUrlOf(app.env, await app.config()), async () => void (await app.prices())]
  for (const check of checks) {
    try {
      await check()
    } catch (error) {
      if (!(error instanceof ReplicateAgentError)) throw error
      found.push(...problemsIn({ file: 'environment', error }))
    }
  }
  return found
}

function problemsIn({ file, error }: Failure): readonly Problem[] {
  if (error instanceof ProblemsError) return error.problems
  const { code, message, hint } = error
  return [{ file, line: 1, column: 1, code, severity: 'error', message, ...defined({ hint }) }]
}
