/** Which words mean which subject. */
import type { DrawSubject } from './stage.ts'
import {
  drawBag,
  drawBook,
  drawCamera,
  drawChair,
  drawHeadphones,
  drawPhone,
  drawShoe,
  drawWatch,
} from './subjects-things.ts'
import { drawBottle, drawCake, drawCandle, drawGlass, drawJar, drawLamp, drawMug, drawVase } from './subjects-turned.ts'
import { drawBicycle, drawBoat, drawCar, drawRocket } from './subjects-vehicles.ts'
import { drawCat, drawFlower, drawHouse, drawRobot, drawStillLife, drawTree } from './subjects-world.ts'

interface Subject {
  name: string
  words: string
  draw: DrawSubject
  /** What colour it has when the prompt names none. */
  usual?: string
}

const subjects: readonly Subject[] = [
  { name: 'bottle', words: 'bottle flask perfume wine shampoo thermos serum lotion oil', draw: drawBottle },
  { name: 'mug', words: 'mug cup coffee tea espresso latte cappuccino teacup', draw: drawMug },
  { name: 'jar', words: 'jar honey jam cream pot tin can', draw: drawJar },
  { name: 'candle', words: 'candle candles wax', draw: drawCandle },
  { name: 'vase', words: 'vase bouquet plant flowers pottery succulent', draw: drawVase },
  { name: 'lamp', words: 'lamp lampshade lantern light bulb', draw: drawLamp },
  { name: 'glass', words: 'glass cocktail drink goblet champagne juice', draw: drawGlass },
  { name: 'cake', words: 'cake birthday dessert cupcake pie bread', draw: drawCake },
  { name: 'shoe', words: 'shoe shoes sneaker sneakers boot boots trainer trainers footwear', draw: drawShoe },
  { name: 'watch', words: 'watch wristwatch clock smartwatch timepiece', draw: drawWatch },
  { name: 'headphones', words: 'headphones headphone headset earphones', draw: drawHeadphones },
  { name: 'camera', words: 'camera dslr polaroid photographer', draw: drawCamera },
  { name: 'book', words: 'book books notebook journal novel diary', draw: drawBook },
  { name: 'phone', words: 'phone smartphone iphone tablet app', draw: drawPhone },
  { name: 'bag', words: 'bag handbag backpack purse tote satchel', draw: drawBag },
  { name: 'chair', words: 'chair armchair sofa stool seat couch', draw: drawChair },
  { name: 'house', words: 'house home cottage cabin hut barn castle building', draw: drawHouse, usual: 'efe3cd' },
  { name: 'tree', words: 'tree oak pine maple trees', draw: drawTree, usual: '5b9a55' },
  { name: 'cat', words: 'cat kitten fox dog puppy animal tiger wolf', draw: drawCat, usual: 'd98a4a' },
  { name: 'boat', words: 'boat ship sailboat yacht sail', draw: drawBoat },
  { name: 'rocket', words: 'rocket spaceship spacecraft astronaut shuttle', draw: drawRocket },
  { name: 'car', words: 'car automobile vehicle truck van taxi', draw: drawCar },
  { name: 'robot', words: 'robot android droid machine', draw: drawRobot },
  { name: 'flower', words: 'flower rose tulip sunflower daisy blossom', draw: drawFlower },
  { name: 'bicycle', words: 'bicycle bike cycle', draw: drawBicycle },
]

const byWord = new Map(subjects.flatMap((subject) => subject.words.split(' ').map((word) => [word, subject] as const)))

/**
 * The first word that names a subject counts, unless it only describes the next one (coffee mug, glass bottle);
 * `at` is its place among the words.
 */
export function findSubject(words: readonly string[]): { name: string; at: number; draw: DrawSubject; usual?: string } {
  for (const [at, word] of words.entries()) {
    const subject = byWord.get(word)
    if (!subject) continue
    const next = byWord.get(words[at + 1] ?? '')
    const chosen = next ?? subject
    return { ...chosen, at: next ? at + 1 : at }
  }
  return { name: 'still life', at: words.length, draw: drawStillLife }
}
