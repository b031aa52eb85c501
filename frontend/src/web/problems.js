// Problems: what is not Python in a program, and names that the library does not have. A list of {from, to, line, text}.
import { ensureSyntaxTree } from '@codemirror/language'
import { kindOf, membersOf, nearest } from './chains.js'

const MOST = 20
const PARSE_MS = 300
const BLOCK = /^\s*(if|elif|else|for|while|def|class|try|except|finally|with)\b[^#]*[^:#\s\\,([{]\s*(#.*)?$/
const USE = /([A-Za-z_]\w*(?:(?:\([^()]*\)|\[[^\[\]]*\])*\.[A-Za-z_]\w*(?:\([^()]*\)|\[[^\[\]]*\])*)*)\.([A-Za-z_]\w*)/g

export function problemsOf(state, known, words) {
  const found = [...notPython(state, words), ...unknownNames(state, known, words)]
  const lines = new Set()
  return found.filter(({ line }) => !lines.has(line) && lines.add(line)).sort((a, b) => a.line - b.line).slice(0, MOST)
}

function* notPython(state, words) {
  const places = []
  const whole = ensureSyntaxTree(state, state.doc.length, PARSE_MS) // a tree that ends early ends with an error of its own
  whole?.iterate({ enter: (node) => void (node.type.isError && places.length < MOST && places.push(node.from)) })
  for (const at of places) {
    const line = state.doc.lineAt(Math.max(0, Math.min(at, state.doc.length) - (at === state.doc.length ? 1 : 0)))
    yield problem(line, sentence(line, state, words))
  }
}

/** Why a line is probably wrong, in plain words. */
function sentence(line, state, words) {
  const before = line.number > 1 ? state.doc.line(line.number - 1).text : ''
  if (BLOCK.test(line.text) || BLOCK.test(before)) return words.colon
  if (/^\t* +\t|^ +\t|^\t+ /.test(line.text)) return words.tabs
  if (count(line.text, /[([{]/g) !== count(line.text, /[)\]}]/g)) return words.bracket
  if (count(line.text.replace(/\\./g, ''), /"/g) % 2 || count(line.text.replace(/\\./g, ''), /'/g) % 2) return words.quote
  return words.not_python
}

const count = (text, sign) => (text.match(sign) ?? []).length

function* unknownNames(state, known, words) {
  const text = state.doc.toString()
  for (let number = 1; number <= state.doc.lines; number++) {
    const line = state.doc.line(number)
    const code = line.text.replace(/#.*$/, '').replace(/"[^"]*"|'[^']*'/g, (quoted) => `"${' '.repeat(quoted.length - 2)}"`)
    if (/^\s*(import|from)\b/.test(code)) continue
    for (const [, chain, name] of code.matchAll(USE)) {
      const kind = name.startsWith('_') ? null : kindOf(chain, text, known)
      const members = kind ? Object.keys(membersOf(kind, known)) : []
      if (!members.length || members.includes(name) || known.kinds[kind]?.open) continue
      const near = nearest(name, members)
      const told = near ? words.no_name_near : words.no_name
      yield problem(line, told.replace('{kind}', kind).replace('{name}', name).replace('{near}', near ?? ''))
    }
  }
}

function problem(line, text) {
  const indent = line.text.length - line.text.trimStart().length
  return { from: line.from + indent, to: Math.max(line.to, line.from + indent), line: line.number, text }
}
