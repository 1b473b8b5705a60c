/** Reads a scenario of the sandbox from a file; what is wrong in it is told with its place. */
import { ProblemsError } from '../../domain/problem.ts'

/** Throws ProblemsError `invalid_config`, and what reading the file throws. */
export async function readScenarioFile(file: string) {
  const { readYamlFile } = await import('../../app/yaml-file.ts')
  const { readScenario } = await import('../../sandbox/faults/scenario.ts')
  const { data, places } = await readYamlFile(file, 'scenario', 'a scenario begins with `faults:`')
  const { scenario, problems } = readScenario(data)
  if (problems.length === 0) return scenario
  throw new ProblemsError(
    'invalid_config',
    problems.map(({ path, ...parts }) => places.problem(path, parts)),
  )
}
