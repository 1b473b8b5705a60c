/** What a check of `doctor` found. */
export interface Finding {
  name: string
  status: 'ok' | 'warning' | 'fault'
  message: string
  hint?: string
}
