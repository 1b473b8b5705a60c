/** Every verb of the program: its name, what it does in a few words, and where it is; loaded only when it is asked for. */
import type { Command } from '../command.ts'

export interface VerbEntry {
  summary: string
  load(): Promise<Command>
}

export interface NounEntry {
  summary: string
  verbs: Readonly<Record<string, VerbEntry>>
}

export const nounTable: Readonly<Record<string, NounEntry>> = {
  workflows: {
    summary: 'check, plan, draw and run workflow files',
    verbs: {
      run: { summary: 'run a workflow', load: async () => (await import('./workflows/run.ts')).run },
      plan: {
        summary: 'say what would happen, why, and for how much',
        load: async () => (await import('./workflows/plan.ts')).plan,
      },
      validate: {
        summary: 'list everything that is wrong with workflow files',
        load: async () => (await import('./workflows/validate.ts')).validate,
      },
      test: {
        summary: 'run the tests of workflows in the sandbox',
        load: async () => (await import('./workflows/test.ts')).test,
      },
      graph: {
        summary: 'draw the steps and what needs what',
        load: async () => (await import('./workflows/graph.ts')).graph,
      },
      simulate: {
        summary: 'say how long it would take, without running it',
        load: async () => (await import('./workflows/simulate.ts')).simulate,
      },
      list: {
        summary: 'list the workflows that can be named from here',
        load: async () => (await import('./workflows/list.ts')).list,
      },
    },
  },
  runs: {
    summary: 'look at runs, go on with them, answer them',
    verbs: {
      list: { summary: 'list runs, newest first', load: async () => (await import('./runs/list.ts')).list },
      show: {
        summary: 'show a run: steps, outputs, files, what it waits for',
        load: async () => (await import('./runs/show.ts')).show,
      },
      logs: { summary: 'list or follow the events of a run', load: async () => (await import('./runs/logs.ts')).logs },
      watch: {
        summary: 'follow a run that another process drives',
        load: async () => (await import('./runs/watch.ts')).watch,
      },
      resume: {
        summary: 'go on with a run; what is settled is kept',
        load: async () => (await import('./runs/resume.ts')).resume,
      },
      retry: {
        summary: 'run failed, named or changed steps again',
        load: async () => (await import('./runs/retry.ts')).retry,
      },
      pause: { summary: 'start no more steps of a run', load: async () => (await import('./runs/pause.ts')).pause },
      cancel: {
        summary: 'cancel a run and what it has in flight',
        load: async () => (await import('./runs/cancel.ts')).cancel,
      },
      approve: { summary: 'say yes to what a run asks', load: async () => (await import('./runs/approve.ts')).approve },
      reject: { summary: 'say no to what a run asks', load: async () => (await import('./runs/reject.ts')).reject },
      diff: { summary: 'say what differs between two runs', load: async () => (await import('./runs/diff.ts')).diff },
      files: { summary: 'list or copy the files of a run', load: async () => (await import('./runs/files.ts')).files },
      export: {
        summary: 'write runs into one archive, without secrets',
        load: async () => (await import('./runs/export.ts')).exportCommand,
      },
      import: {
        summary: 'bring the runs of an archive here',
        load: async () => (await import('./runs/import.ts')).importCommand,
      },
      gc: { summary: 'remove old runs and what only they needed', load: async () => (await import('./runs/gc.ts')).gc },
    },
  },
  agents: {
    summary: 'agents and models: list, show, call one',
    verbs: {
      list: {
        summary: 'list the agents and models that can be named from here',
        load: async () => (await import('./agents/list.ts')).list,
      },
      show: {
        summary: 'show an agent, or a model with its inputs',
        load: async () => (await import('./agents/show.ts')).show,
      },
      run: { summary: 'call an agent or a model once', load: async () => (await import('./agents/run.ts')).run },
      pin: {
        summary: 'lock models at the version that they stand for now',
        load: async () => (await import('./agents/pin.ts')).pin,
      },
      unpin: {
        summary: 'take models out of the lock file',
        load: async () => (await import('./agents/unpin.ts')).unpin,
      },
      outdated: {
        summary: 'say which locked models have newer versions',
        load: async () => (await import('./agents/outdated.ts')).outdated,
      },
      upgrade: {
        summary: 'move locked models to newer versions',
        load: async () => (await import('./agents/upgrade.ts')).upgrade,
      },
      search: {
        summary: 'search Replicate for models',
        load: async () => (await import('./agents/search.ts')).search,
      },
      import: {
        summary: 'write models into the configuration as agents',
        load: async () => (await import('./agents/import.ts')).importCommand,
      },
    },
  },
  budgets: {
    summary: 'what may be spent: list, show, set',
    verbs: {
      list: {
        summary: 'list budgets with what is spent, set aside and left',
        load: async () => (await import('./budgets/list.ts')).list,
      },
      show: {
        summary: 'show a budget: who holds what of it, and what it went into',
        load: async () => (await import('./budgets/show.ts')).show,
      },
      set: {
        summary: 'write a budget into the configuration, or take it out',
        load: async () => (await import('./budgets/set.ts')).set,
      },
    },
  },
  cache: {
    summary: 'answers that are kept for the same call: stats, clear, why',
    verbs: {
      stats: {
        summary: 'show what is in the cache of results, and what it was good for',
        load: async () => (await import('./cache/stats.ts')).stats,
      },
      clear: {
        summary: 'take answers out of the cache of results',
        load: async () => (await import('./cache/clear.ts')).clear,
      },
      why: {
        summary: 'say why the cache answered a step of a run, or did not',
        load: async () => (await import('./cache/why.ts')).why,
      },
    },
  },
  plugins: {
    summary: 'what is asked about every call: list, check, new',
    verbs: {
      list: {
        summary: 'list the plugins in use, or those installed',
        load: async () => (await import('./plugins/list.ts')).list,
      },
      check: {
        summary: 'load plugins and put a sample call through them',
        load: async () => (await import('./plugins/check.ts')).check,
      },
      new: {
        summary: 'write the package of a plugin, with its test',
        load: async () => (await import('./plugins/new.ts')).newPlugin,
      },
    },
  },
  prices: {
    summary: 'what models cost: list, set, check',
    verbs: {
      list: {
        summary: 'list what models and hardware cost',
        load: async () => (await import('./prices/list.ts')).list,
      },
      set: {
        summary: 'write a price into the configuration',
        load: async () => (await import('./prices/set.ts')).set,
      },
      check: {
        summary: 'find prices that are old, missing or odd',
        load: async () => (await import('./prices/check.ts')).check,
      },
    },
  },
  breakers: {
    summary: 'circuit breakers: how they stand, trip, reset',
    verbs: {
      list: {
        summary: 'list circuit breakers and how they stand',
        load: async () => (await import('./breakers/list.ts')).list,
      },
      show: {
        summary: 'show one: what it goes by, and what failed',
        load: async () => (await import('./breakers/show.ts')).show,
      },
      trip: {
        summary: 'open one by hand',
        load: async () => (await import('./breakers/trip.ts')).trip,
      },
      reset: {
        summary: 'close one, and forget what failed',
        load: async () => (await import('./breakers/reset.ts')).reset,
      },
      configure: {
        summary: 'set its numbers over what agents say',
        load: async () => (await import('./breakers/configure.ts')).configure,
      },
    },
  },
  limits: {
    summary: 'what holds calls back: limits and bulkheads',
    verbs: {
      list: {
        summary: 'list what holds calls back, and how much of it is left',
        load: async () => (await import('./limits/list.ts')).list,
      },
      show: {
        summary: 'show what an agent, a model or replicate is held to',
        load: async () => (await import('./limits/show.ts')).show,
      },
      reset: {
        summary: 'forget how much of limits is used, and pauses',
        load: async () => (await import('./limits/reset.ts')).reset,
      },
    },
  },
  config: {
    summary: 'the configuration: what holds, and what is wrong with it',
    verbs: {
      show: {
        summary: 'show every value that holds here, and where it came from',
        load: async () => (await import('./config/show.ts')).show,
      },
      check: {
        summary: 'list everything that is wrong with the configuration',
        load: async () => (await import('./config/check.ts')).check,
      },
    },
  },
  router: {
    summary: 'how models are chosen, and what was learned',
    verbs: {
      stats: {
        summary: 'show what was learned of models',
        load: async () => (await import('./router/stats.ts')).stats,
      },
      reset: {
        summary: 'forget what was learned of models',
        load: async () => (await import('./router/reset.ts')).reset,
      },
      export: {
        summary: 'write what was learned into a file for another machine',
        load: async () => (await import('./router/export.ts')).exportCommand,
      },
      import: {
        summary: 'take in what another machine learned',
        load: async () => (await import('./router/import.ts')).importCommand,
      },
      merge: { summary: 'put exported files together', load: async () => (await import('./router/merge.ts')).merge },
      explain: {
        summary: 'say which candidate of an agent would be called now, and why',
        load: async () => (await import('./router/explain.ts')).explain,
      },
      why: {
        summary: 'say why a step of a run called the model that it called',
        load: async () => (await import('./router/why.ts')).why,
      },
      feedback: {
        summary: "say how good a step's answer was",
        load: async () => (await import('./router/feedback.ts')).feedback,
      },
      log: {
        summary: 'write decisions and what came of them as a log',
        load: async () => (await import('./router/log.ts')).log,
      },
      replay: {
        summary: 'say from a log what another strategy would have earned',
        load: async () => (await import('./router/replay.ts')).replay,
      },
      simulate: {
        summary: 'try a strategy on records of what each model made of each prompt',
        load: async () => (await import('./router/simulate.ts')).simulate,
      },
    },
  },
  audit: {
    summary: 'look into the log of every call, and check it',
    verbs: {
      list: { summary: 'list calls, the latest first', load: async () => (await import('./audit/list.ts')).list },
      show: { summary: 'show everything about one call', load: async () => (await import('./audit/show.ts')).show },
      tail: {
        summary: 'show the latest calls, and follow those to come',
        load: async () => (await import('./audit/tail.ts')).tail,
      },
      costs: {
        summary: 'say what calls cost, by model, agent, user, day',
        load: async () => (await import('./audit/costs.ts')).costs,
      },
      stats: {
        summary: 'say how calls went: errors, latency, cache hits',
        load: async () => (await import('./audit/stats.ts')).stats,
      },
      export: {
        summary: 'write the log as JSON lines or CSV',
        load: async () => (await import('./audit/export.ts')).exportCommand,
      },
      verify: {
        summary: 'check that nothing in the log was changed or removed',
        load: async () => (await import('./audit/verify.ts')).verify,
      },
      purge: { summary: 'remove old days of the log', load: async () => (await import('./audit/purge.ts')).purge },
    },
  },
}

/** Verbs without a noun. */
export const verbTable: Readonly<Record<string, VerbEntry>> = {
  costs: {
    summary: 'say what runs cost, by model, agent, workflow or day',
    load: async () => (await import('./costs.ts')).costs,
  },
  expr: {
    summary: 'evaluate or check an expression',
    load: async () => (await import('./expr.ts')).expr,
  },
  sandbox: {
    summary: "start a local server that speaks Replicate's API",
    load: async () => (await import('./sandbox.ts')).sandbox,
  },
  init: {
    summary: 'write a first workflow',
    load: async () => (await import('./init.ts')).init,
  },
  completion: {
    summary: 'print a script that completes commands in a shell',
    load: async () => (await import('./completion.ts')).completion,
  },
  doctor: {
    summary: 'find out what would keep runs from working',
    load: async () => (await import('./doctor.ts')).doctor,
  },
}

/** Short names for what is typed most. */
export const aliases: Readonly<Record<string, readonly [noun: string, verb: string]>> = {
  run: ['workflows', 'run'],
  validate: ['workflows', 'validate'],
}
