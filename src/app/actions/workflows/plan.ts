/** What a workflow would do, without doing it. */
import { z } from 'zod'
import { checkInputs } from '../../../workflow/inputs.ts'
import { defineAction } from '../../action.ts'
import { assertInputs } from '../../assert-inputs.ts'
import { givenInputs, inputFields } from '../../given-inputs.ts'
import { assertLocked } from '../../pins/check-pins.ts'
import { planReport, planShape } from '../../plan-report.ts'
import { runFields } from '../../run-fields.ts'
import { openWorkflow } from '../../workflow-file.ts'

export const planWorkflow = defineAction({
  noun: 'workflows',
  verb: 'plan',
  summary: 'say for each step what would happen, why, and about how much it costs and takes',
  input: z.object({ workflow: z.string(), ...inputFields, check_inputs: z.boolean().default(false).describe('also check the inputs'), budget_usd: runFields.budget_usd.describe('dollars that the run would be given') }),
  output: planShape,
  async run(app, input, context) {
    const workflow = await openWorkflow(app, input.workflow, context)
    if (app.frozen) await assertLocked(app, app.world, workflow)
    const given = givenInputs(workflow.definition.inputs, input)
    if (input.check_inputs) assertInputs(workflow, given)
    const checked = checkInputs(workflow.definition.inputs, given)
    const { budget_usd } = input
    return planReport(app, app.world, workflow.plan, { budget_usd, ...(checked.ok && { inputs: checked.inputs }) })
  },
})
