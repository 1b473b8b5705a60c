/**
 * The public SDK: an app over the same actions as the command line.
 *
 *   const app = await createApp({ env: process.env, cwd: process.cwd() })
 *   const run = await callAction(app, runWorkflow, { workflow: 'product_photo' })
 *   await app.close()
 */
export type { Action, ActionContext, InputOf, OutputOf, RunHandle, RunOutline } from './app/action.ts'
export type { App, World } from './app/app.ts'
export { type AppOptions, createApp } from './app/create-app.ts'
export type { GivenAgents, GivenConfig } from './config/load.ts'
export { callAction } from './app/call-action.ts'
export { actionTable } from './app/actions/table.ts'

export { outdatedAgents } from './app/actions/agents/outdated.ts'
export { pinAgents } from './app/actions/agents/pin.ts'
export { estimateCall } from './app/actions/agents/estimate.ts'
export { importAgents } from './app/actions/agents/import.ts'
export { listAgents } from './app/actions/agents/list.ts'
export { runAgent } from './app/actions/agents/run.ts'
export { searchModels } from './app/actions/agents/search.ts'
export { showAgent } from './app/actions/agents/show.ts'
export { unpinAgents } from './app/actions/agents/unpin.ts'
export { upgradeAgents } from './app/actions/agents/upgrade.ts'
export { evaluateExpr } from './app/actions/expr/evaluate.ts'
export { approveRun } from './app/actions/runs/approve.ts'
export { cancelOpenRun as cancelRun } from './app/actions/runs/cancel.ts'
export { diffRuns } from './app/actions/runs/diff.ts'
export { exportRuns } from './app/actions/runs/export.ts'
export { filesOfOneRun as filesOfRun } from './app/actions/runs/files.ts'
export { gcRuns } from './app/actions/runs/gc.ts'
export { importArchive as importRuns } from './app/actions/runs/import.ts'
export { listRuns } from './app/actions/runs/list.ts'
export { logsOfRun } from './app/actions/runs/logs.ts'
export { pauseDrivenRun as pauseRun } from './app/actions/runs/pause.ts'
export { rejectRun } from './app/actions/runs/reject.ts'
export { resumeStoppedRun as resumeRun } from './app/actions/runs/resume.ts'
export { retryRunAgain as retryRun } from './app/actions/runs/retry.ts'
export { showRun } from './app/actions/runs/show.ts'
export { watchRun } from './app/actions/runs/watch.ts'
export { graphWorkflow } from './app/actions/workflows/graph.ts'
export { planWorkflow } from './app/actions/workflows/plan.ts'
export { runWorkflow } from './app/actions/workflows/run.ts'
export { validateWorkflows } from './app/actions/workflows/validate.ts'

export { definePlugin } from './plugins/define-plugin.ts'
export type {
  AgentContext,
  AgentFailure,
  AgentResult,
  CallTools,
  HookName,
  Hooks,
  HookTools,
  Plugin,
  Question,
  ServerContext,
  SetupTools,
  StandardSchema,
  StepContext,
  StepResult as PluginStepResult,
  StepTools,
  Told,
} from './plugins/plugin.ts'
export type { GivenPlugin } from './app/plugins/open-plugins.ts'

export type { AgentDefinition, WorkflowDefinition } from './domain/definition.ts'
export {
  AuthenticationError,
  BudgetExceededError,
  CancelledError,
  CircuitOpenError,
  ConfigurationError,
  type ErrorCode,
  type ErrorData,
  errorCodes,
  isRetryableError,
  NetworkError,
  NonRetryableError,
  NotFoundError,
  RateLimitError,
  ReplicateAgentError,
  RetryableError,
  ServerError,
  StoreError,
  TimeoutError,
  UsageError,
  ValidationError,
} from './domain/errors.ts'
export type { RunEvent, RunNews } from './domain/events.ts'
export type { FileRef } from './domain/file.ts'
export { type Problem, ProblemsError } from './domain/problem.ts'
export type { RunResult, RunStatus, StepResult, StepStatus } from './domain/run.ts'
export type { Json, JsonObject } from './std/json.ts'
export type { AgentFunction, FunctionContext } from './targets/function/target.ts'
export { version } from './app/version.ts'
