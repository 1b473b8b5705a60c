/** Whether a link leads to this machine: the sandbox reads from, and reports to, nowhere else. */
export function isThisMachine(url: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
}
