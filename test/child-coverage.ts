/** Lets the child processes of a test write down what they ran, where coverage is measured (scripts/test.cjs). */
const folder = process.env['REPLICATE_AGENT_TEST_COVERAGE']
if (folder !== undefined) process.env['NODE_V8_COVERAGE'] = folder
