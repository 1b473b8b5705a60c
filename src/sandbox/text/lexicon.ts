/** Words that carry feeling, haste and subject. */

const list = (text: string): Set<string> => new Set(text.split(' '))

export const goodWords = list(
  'good great excellent amazing awesome love loved loves lovely perfect perfectly best wonderful fantastic happy pleased delighted ' +
    'delightful recommend recommended fast quick easy comfortable beautiful nice helpful friendly reliable sturdy solid superb ' +
    'brilliant impressive impressed enjoy enjoyed enjoyable smooth works fine thank thanks thankful grateful satisfied worth ' +
    'favourite favorite outstanding pleasant durable gorgeous tasty delicious clean clear bright charming gift success gain ' +
    'improve improved benefit progress flawless generous polite prompt promptly quality stunning cosy cozy warm glad better',
)
export const badWords = list(
  'bad poor terrible awful horrible hate hated worst broken broke break breaks defective disappointed disappointing disappointment ' +
    'slow late delay delayed refund return returned useless waste wasted cheap flimsy damaged damage missing wrong fault faulty leak ' +
    'leaks leaked leaking crack cracked scratched unhappy angry furious frustrated frustrating annoying annoyed rude ignored problem ' +
    'problems issue issues fail fails failed failure never unacceptable scam dirty noisy uncomfortable pain painful dangerous unsafe ' +
    'burn burned burnt shock smoke complaint complain overpriced expensive difficult hard confusing ugly stopped dead died lost ' +
    'stuck error crash crashed sick mould mold smell smelly stink worse loss risk harm threat crisis unusable regret',
)
export const negations = list(
  "not no never don't doesn't didn't isn't wasn't won't can't cannot couldn't wouldn't hardly without nothing",
)
export const strong = list('very really extremely absolutely totally completely so incredibly highly truly')

/** What makes a matter urgent, by weight. */
export const hurry: readonly [RegExp, number][] = [
  [/\b(urgent|urgently|asap|immediately|emergency|right away|at once)\b/i, 3],
  [
    /\b(unsafe|dangerous|fire|smoke|smoking|burn(ed|t|ing)?|sparks?|electric shock|injur\w+|allerg\w+|hospital|sick)\b/i,
    4,
  ],
  [/\b(lawyer|legal|sue|police|chargeback|fraud\w*|stolen|hacked|charged twice)\b/i, 3],
  [/\b(refund|money back|cancel(led|lation)?|replacement)\b/i, 2],
  [
    /\b(still (waiting|no|not|nothing|have)|third time|again and again|no (reply|answer|response)|nobody (answers|replies)|weeks?)\b/i,
    2,
  ],
  [
    /\b(broken?|broke|stopped working|doesn't work|does not work|won't (start|turn on|work)|defective|leak\w*|lost|missing|never arrived)\b/i,
    2,
  ],
  [/\b(today|tomorrow|tonight|deadline|wedding|birthday|before \w+day)\b/i, 1],
  [/!{2,}|\b[A-Z]{4,}\b/, 1],
]

/** Subjects that customers write about. */
export const subjects: Record<string, Set<string>> = {
  shipping: list(
    'ship shipping shipped delivery delivered deliver arrive arrived arrival package parcel courier late tracking post box delay delayed transit',
  ),
  quality: list(
    'quality broken broke break defective cracked crack damaged scratched flimsy faulty leak leaks leaking leaked stopped works durable sturdy material fell apart dead battery',
  ),
  billing: list(
    'bill billing charged charge invoice payment refund money price paid pay card subscription cost overpriced expensive discount coupon twice',
  ),
  service: list(
    'service support staff rude helpful reply replied answer answered call called agent phone chat email team friendly ignored',
  ),
  usability: list(
    'easy difficult confusing instructions manual setup set install app interface button use using software update screen login dishwasher microwave oven wash care clean how',
  ),
  fit: list('size fit small large tight loose tall short colour color comfortable uncomfortable wear'),
  food: list('taste tasty delicious food fresh flavour flavor eat drink meal restaurant coffee tea'),
  safety: list('safe unsafe dangerous fire smoke burn burned shock sparks hot overheat overheated injury'),
  account: list('account login password email profile access locked signin register'),
}

/** Other names that labels go by. */
export const alsoCalled: Record<string, string> = {
  delivery: 'shipping',
  logistics: 'shipping',
  order: 'shipping',
  product: 'quality',
  defect: 'quality',
  hardware: 'quality',
  bug: 'quality',
  technical: 'usability',
  payment: 'billing',
  refund: 'billing',
  price: 'billing',
  pricing: 'billing',
  finance: 'billing',
  invoice: 'billing',
  support: 'service',
  customer: 'service',
  staff: 'service',
  app: 'usability',
  setup: 'usability',
  size: 'fit',
  sizing: 'fit',
  taste: 'food',
  login: 'account',
}
