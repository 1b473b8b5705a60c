/** Doors read YAML files of their own (a scenario of the sandbox, say) through the app. */
export { readYamlFile } from '../documents/yaml-file.ts'
