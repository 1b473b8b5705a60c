/** `mock-upstream.mjs PORT`: answers every request with the same small chat completion, as quickly as Node can. */
import { createServer } from 'node:http'

const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'mock',
  choices: [{ index: 0, message: { role: 'assistant', content: 'One, two, three.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 8, completion_tokens: 6, total_tokens: 14 },
})
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }

createServer((request, response) => {
  request.resume()
  request.on('end', () => response.writeHead(200, headers).end(answer))
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('ready\n'))
