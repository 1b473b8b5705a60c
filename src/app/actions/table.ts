/** Every action, by noun and verb; loaded when it is first asked for. Doors that offer all of them read this table. */
import type { Action } from '../action.ts'

type Entry = () => Promise<Action>

export const actionTable = {
  'agents/list': async () => (await import('./agents/list.ts')).listAgents,
  'agents/run': async () => (await import('./agents/run.ts')).runAgent,
  'agents/show': async () => (await import('./agents/show.ts')).showAgent,
  'expr/check': async () => (await import('./expr/check.ts')).checkExpr,
  'expr/evaluate': async () => (await import('./expr/evaluate.ts')).evaluateExpr,
  'project/init': async () => (await import('./project/init.ts')).initProject,
  'runs/approve': async () => (await import('./runs/approve.ts')).approveRun,
  'runs/cancel': async () => (await import('./runs/cancel.ts')).cancelOpenRun,
  'runs/diff': async () => (await import('./runs/diff.ts')).diffRuns,
  'runs/export': async () => (await import('./runs/export.ts')).exportRuns,
  'runs/files': async () => (await import('./runs/files.ts')).filesOfOneRun,
  'runs/gc': async () => (await import('./runs/gc.ts')).gcRuns,
  'runs/import': async () => (await import('./runs/import.ts')).importArchive,
  'runs/list': async () => (await import('./runs/list.ts')).listRuns,
  'runs/logs': async () => (await import('./runs/logs.ts')).logsOfRun,
  'runs/pause': async () => (await import('./runs/pause.ts')).pauseDrivenRun,
  'runs/plan': async () => (await import('./runs/plan.ts')).planOfResume,
  'runs/plan-retry': async () => (await import('./runs/plan-retry.ts')).planOfRetry,
  'runs/reject': async () => (await import('./runs/reject.ts')).rejectRun,
  'runs/resume': async () => (await import('./runs/resume.ts')).resumeStoppedRun,
  'runs/retry': async () => (await import('./runs/retry.ts')).retryRunAgain,
  'runs/show': async () => (await import('./runs/show.ts')).showRun,
  'runs/watch': async () => (await import('./runs/watch.ts')).watchRun,
  'system/doctor': async () => (await import('./system/doctor.ts')).doctor,
  'workflows/graph': async () => (await import('./workflows/graph.ts')).graphWorkflow,
  'workflows/list': async () => (await import('./workflows/list.ts')).listWorkflowFiles,
  'workflows/plan': async () => (await import('./workflows/plan.ts')).planWorkflow,
  'workflows/run': async () => (await import('./workflows/run.ts')).runWorkflow,
  'workflows/simulate': async () => (await import('./workflows/simulate.ts')).simulateWorkflow,
  'workflows/test': async () => (await import('./workflows/test.ts')).testWorkflows,
  'workflows/validate': async () => (await import('./workflows/validate.ts')).validateWorkflows,
} satisfies Record<string, Entry>
