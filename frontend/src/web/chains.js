// Chains: what kind of thing `robot.tool.pose` is, by what the client library says of its own names. It reads the text
// of the program and runs nothing: where it does not know, it says nothing.
const CALL = String.raw`(?:\([^()]*\)|\[[^\[\]]*\])*`
export const CHAIN = new RegExp(String.raw`([A-Za-z_]\w*${CALL}(?:\.[A-Za-z_]\w*${CALL})*)\.(\w*)$`)
const STEP = new RegExp(String.raw`^([A-Za-z_]\w*)(${CALL})\.?`)
const DEEPEST = 6

/** The kind of a chain in a program's text, or null. `known`: the library's names (names.json). */
export function kindOf(chain, text, known, depth = 0) {
  let rest = chain.trim()
  let kind = null
  for (let first = true; rest; first = false) {
    const found = STEP.exec(rest)
    if (!found) return null
    const [all, name, after] = found
    kind = first ? beginning(name, after, text, known, depth) : member(kind, name, after, known)
    if (!kind) return null
    rest = rest.slice(all.length)
  }
  return kind
}

function beginning(name, after, text, known, depth) {
  if (name in known.names) return known.names[name].gives ?? null
  if (name === 'sheber' && !after) return 'sheber'
  if (depth > DEEPEST) return null
  const given = [...text.matchAll(new RegExp(String.raw`^[ \t]*${name}[ \t]*=[ \t]*([^=].*?)[ \t]*(?:#.*)?$`, 'gm'))].at(-1)
  const kind = given ? kindOf(given[1], text, known, depth + 1) : null
  return kind && after.startsWith('[') ? known.kinds[kind]?.item ?? null : kind
}

function member(kind, name, after, known) {
  const found = kind === 'sheber' ? known.names[name] : known.kinds[kind]?.members[name]
  if (!found?.gives) return null
  return after.includes('[') ? found.item ?? null : found.gives
}

/** The members of a kind by name. */
export function membersOf(kind, known) {
  return kind === 'sheber' ? known.names : known.kinds[kind]?.members ?? {}
}

/** The name that was probably meant, or null: at most two letters differ. */
export function nearest(name, names) {
  const ranked = names.map((one) => [distance(name.toLowerCase(), one.toLowerCase()), one]).sort(([a], [b]) => a - b)
  return ranked.length && ranked[0][0] <= (name.length > 4 ? 2 : 1) ? ranked[0][1] : null
}

function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]
}
