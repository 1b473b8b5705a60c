/** What is published for tests of workflows, targets and stores: clocks, fakes, and the suites that every member of a family runs. */
export { type EagerClock, eagerClock } from './eager-clock.ts'
export { type MemoryCall, type MemoryCallOptions, type MemoryFiles, memoryCall, memoryFiles } from './memory-call.ts'
export {
  cut,
  type ScriptedAnswer,
  type ScriptedServer,
  type SeenRequest,
  startScriptedServer,
} from './scripted-server.ts'
export { type OpenedStore, storeContract, type SuiteRunner } from './store-contract.ts'
export { testPlugin, type TestedPlugin } from './plugin-contract.ts'
export { describeTarget, type TargetSubject, type TargetUnderTest } from './target-contract.ts'
export { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts'
export { type VirtualClock, virtualClock } from './virtual-clock.ts'
