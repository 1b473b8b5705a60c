/** The models that can be trained, and what their trainings take. */
import type { Latency } from '../latency.ts'
import { choice, type Fields, file, flag, integer, number, text } from './fields.ts'

export const trainingLatency: Latency = { kind: 'lognormal', medianMs: 4_000, sigma: 0.3 }

const seed = integer('Random seed integer for reproducible training. Leave empty to use a random seed')

/** By `owner/name`. */
export const trainingFields: Record<string, Fields> = {
  'stability-ai/sdxl': {
    input_images: file('A .zip or .tar file containing the image files that will be used for fine-tuning', {
      required: true,
    }),
    seed,
    resolution: integer('Square pixel resolution which your images will be resized to for training', {
      default: 768,
      min: 256,
      max: 1024,
    }),
    train_batch_size: integer('Batch size (per device) for training', { default: 4, min: 1 }),
    max_train_steps: integer('Number of individual training steps', { default: 1000, min: 1, max: 100_000 }),
    is_lora: flag('Whether to use LoRA training', true),
    lora_rank: integer('Rank of LoRA embeddings', { default: 32, min: 1 }),
    unet_learning_rate: number('Learning rate for the U-Net', { default: 0.000001 }),
    token_string: text('A unique string that will be trained to refer to the concept in the input images', {
      default: 'TOK',
    }),
    caption_prefix: text('Text which will be used as prefix during automatic captioning', {
      default: 'a photo of TOK, ',
    }),
  },
  'meta/musicgen': {
    dataset_path: file('Path to dataset directory', { required: true }),
    one_same_description: text('A description for all of audio data'),
    model_version: choice('Model version to train', ['stereo-melody', 'stereo-small', 'stereo-medium'], 'stereo-small'),
    epochs: integer('Number of epochs to train for', { default: 3, min: 1, max: 1000 }),
    batch_size: integer('Batch size', { default: 16, min: 1 }),
    seed,
  },
  'meta/meta-llama-3-8b-instruct': {
    train_data: file('Path to data file to use for fine-tuning your model', { required: true }),
    num_train_epochs: integer('Number of training epochs', { default: 1, min: 1, max: 1000 }),
    train_batch_size: integer('Train batch size', { default: 4, min: 1 }),
    learning_rate: number('Learning rate', { default: 0.0001 }),
    max_steps: integer('Maximum number of training steps; all of the epochs without it', { default: 100, min: 1 }),
    seed,
  },
}

const stepFields = ['max_train_steps', 'max_steps', 'epochs']

/** How many steps a training with this input goes through; its log counts them. */
export function trainingSteps(fields: Fields, input: Record<string, unknown>): number {
  const name = stepFields.find((each) => Object.hasOwn(fields, each)) ?? ''
  const steps = input[name] ?? fields[name]?.default
  return typeof steps === 'number' ? steps : 1
}
