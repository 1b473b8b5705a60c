/** The types of names and of what is read out of them: unknown names and fields, impossible indexes. */
import { type Check, report } from './check-context.ts'
import type { FaultPlace } from './fault.ts'
import { functionTable, isStatusFunction } from './functions/table.ts'
import { isForbiddenKey } from './names.ts'
import { nearest } from './nearest.ts'
import { quoted, quotedList } from './quoted.ts'
import type { FieldNode, IndexNode, NameNode, Node, SliceNode } from './syntax-tree.ts'
import { anyType, isNever, joinAll, nameOfType, nullType, type ValueType } from './value-type.ts'

export function typeOfName(node: NameNode, check: Check): ValueType {
  const { names, open } = check.scope
  if (Object.hasOwn(names, node.name)) return names[node.name] as ValueType
  if (open) return anyType
  const known = Object.keys(names)
  const near = nearest(node.name, known)
  report(check, node, 'unknown_name', `there is no name ${quoted(node.name)} here`, hintForName(node.name, near, known))
  return anyType
}

function hintForName(name: string, near: string | undefined, known: readonly string[]): string {
  if (near !== undefined) return `did you mean \`${near}\`?`
  if (functionTable.has(name) || isStatusFunction(name)) return `\`${name}\` is a function: write ${name}(…)`
  if (name === 'undefined' || name === 'nil')
    return 'nothing is written null; to ask whether something is there write defined(x.y)'
  if (known.length === 0) return 'text is written in quotes'
  return `known are ${quotedList(known)}; text is written in quotes`
}

export function typeOfField(node: FieldNode, object: ValueType, check: Check, lenient: boolean): ValueType {
  const place = { start: node.nameStart, end: node.end }
  return fieldType(object, node.name, place, check, lenient || node.optional)
}

function fieldType(object: ValueType, name: string, place: FaultPlace, check: Check, lenient: boolean): ValueType {
  if (object.kind === 'any') return anyType
  if (object.kind === 'object') {
    if (Object.hasOwn(object.fields, name) && !isForbiddenKey(name)) return object.fields[name] as ValueType
    if (object.open) return anyType
    reportUnknownField(Object.keys(object.fields), name, place, check)
    return anyType
  }
  if (object.kind === 'null' && lenient) return nullType
  const hint =
    object.kind === 'array' ? `one element is x[0].${name}; that field of all is map(x, "${name}")` : undefined
  const lengthHint = name === 'length' || name === 'size' ? 'write len(x)' : hint
  report(check, place, 'wrong_type', `${nameOfType(object)} has no field ${quoted(name)}`, lengthHint)
  return anyType
}

function reportUnknownField(known: readonly string[], name: string, place: FaultPlace, check: Check): void {
  const near = nearest(name, known)
  const hint =
    near === undefined
      ? known.length === 0
        ? 'it has no fields'
        : `known are ${quotedList(known)}`
      : `did you mean \`${near}\`?`
  report(check, place, 'unknown_field', `there is no field ${quoted(name)}`, hint)
}

export function typeOfIndex(
  node: IndexNode,
  object: ValueType,
  index: ValueType,
  check: Check,
  lenient: boolean,
): ValueType {
  const optional = lenient || node.optional
  if (object.kind === 'any') return anyType
  if (object.kind === 'object') return typeOfEntry(node, object, index, check, optional)
  if (object.kind === 'null' && optional) return nullType
  if (object.kind !== 'array' && object.kind !== 'string') {
    report(check, node, 'wrong_type', `${nameOfType(object)} has no elements`)
    return anyType
  }
  if (isNever(index, ['number'])) {
    report(check, node.index, 'wrong_type', `the index of ${nameOfType(object)} is a number, not ${nameOfType(index)}`)
  }
  return object.kind === 'array' ? object.items : object
}

function typeOfEntry(
  node: IndexNode,
  object: ValueType & { kind: 'object' },
  index: ValueType,
  check: Check,
  optional: boolean,
): ValueType {
  const literal = node.index.kind === 'literal' ? node.index.value : undefined
  if (typeof literal === 'string') return fieldType(object, literal, node.index, check, optional)
  if (isNever(index, ['string'])) {
    report(check, node.index, 'wrong_type', `the key of an object is a string, not ${nameOfType(index)}`)
  }
  return object.open ? anyType : joinAll(Object.values(object.fields))
}

export function typeOfSlice(
  node: SliceNode,
  object: ValueType,
  ends: readonly ({ node: Node; type: ValueType } | undefined)[],
  check: Check,
  lenient: boolean,
): ValueType {
  for (const end of ends) {
    if (end && isNever(end.type, ['number'])) {
      report(check, end.node, 'wrong_type', `the ends of a slice are whole numbers, not ${nameOfType(end.type)}`)
    }
  }
  const nullable = lenient || node.optional
  if (isNever(object, nullable ? ['array', 'string', 'null'] : ['array', 'string'])) {
    report(check, node, 'wrong_type', `only lists and strings have slices, not ${nameOfType(object)}`)
    return anyType
  }
  return object
}
