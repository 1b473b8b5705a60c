/** The machines that models run on and what a second of each costs (Replicate's public prices). */
import { type Field, text } from './fields.ts'

export type Hardware = 'cpu' | 'gpu-t4' | 'gpu-l40s' | 'gpu-a100-large' | 'gpu-h100'

export const hardwareList: readonly { sku: Hardware; name: string; usdPerSecond: number }[] = [
  { sku: 'cpu', name: 'CPU', usdPerSecond: 0.0001 },
  { sku: 'gpu-t4', name: 'Nvidia T4 GPU', usdPerSecond: 0.000225 },
  { sku: 'gpu-l40s', name: 'Nvidia L40S GPU', usdPerSecond: 0.000975 },
  { sku: 'gpu-a100-large', name: 'Nvidia A100 (80GB) GPU', usdPerSecond: 0.0014 },
  { sku: 'gpu-h100', name: 'Nvidia H100 GPU', usdPerSecond: 0.001525 },
]

export function usdPerSecond(sku: Hardware): number {
  return hardwareList.find((hardware) => hardware.sku === sku)?.usdPerSecond ?? 0
}

/** In a request: the SKU of one of them. */
export const hardwareField = (extra: { required?: true } = {}): Field =>
  text('The SKU for the hardware used to run the model.', { choices: hardwareList.map(({ sku }) => sku), ...extra })
