// The editor: CodeMirror over the page's text area, which stays what is sent. Esc, then Tab, leaves it.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, snippetCompletion } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { python } from '@codemirror/lang-python'
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, linter, lintKeymap } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState } from '@codemirror/state'
import { EditorView, drawSelection, dropCursor, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers, tooltips } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { CHAIN, kindOf, membersOf } from './chains.js'
import { problemsOf } from './problems.js'

const IMPORTING = /^\s*from\s+sheber\s+import\b/

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.comment], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName)), tags.className, tags.function(tags.propertyName)], color: 'var(--code-name)' },
])

const LOOK = EditorView.theme({
  '&': { height: '100%', fontSize: '13.5px', backgroundColor: 'var(--card)', color: 'var(--ink)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
  '.cm-gutters': { backgroundColor: 'var(--card)', color: 'var(--muted)', border: '0' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent-soft) 45%, transparent)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent) 26%, transparent) !important' },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft) !important' },
  '.cm-tooltip': { backgroundColor: 'var(--card)', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '10px', boxShadow: '0 6px 24px rgb(10 16 18 / 18%)', maxWidth: 'min(560px, 90vw)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete': { overflow: 'visible' }, // what a name does stands beside the list
  '.cm-tooltip-autocomplete > ul': { borderRadius: '10px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent) !important', color: 'var(--on-accent) !important' },
  '.cm-completionInfo': { padding: '8px 12px', whiteSpace: 'pre-wrap', font: '13px/1.5 system-ui, sans-serif' },
  '.cm-panels': { backgroundColor: 'var(--card)', color: 'var(--ink)' },
  '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--accent-soft)', color: 'var(--ink)', border: '0', borderRadius: '8px' },
  '.cm-textfield': { backgroundColor: 'var(--card)', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '8px' },
})

/** An editor over `area`. `known`: the library's names; `changed` is called with the text, `problems` with the list. */
export function makeEditor({ area, known, words, nonce, changed, problems }) {
  const host = document.createElement('div')
  host.className = 'editor-host'
  area.before(host)
  const check = linter(
    ({ state }) => {
      const found = problemsOf(state, known, words)
      problems(found)
      return found.map(({ from, to, text }) => ({ from, to, severity: 'warning', message: text }))
    },
    { delay: 500 },
  )
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(), highlightActiveLineGutter(), history(), drawSelection(), dropCursor(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightSelectionMatches(),
        autocompletion({ override: [completions(known, words)] }),
        tooltips({ parent: document.body }), // what a name does is read whole, also where the editor is narrow
        hoverTooltip((view, at) => docstring(view, at, known, words)),
        check, lintGutter(),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
        python(), indentUnit.of('    '), EditorState.tabSize.of(4), syntaxHighlighting(COLOURS), LOOK,
        EditorState.phrases.of(words.phrases ?? {}),
        EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': area.getAttribute('aria-label'), 'aria-describedby': 'editor-hint', spellcheck: 'false' }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return
          area.value = update.state.doc.toString()
          changed(area.value)
        }),
      ],
    }),
  })
  area.hidden = true
  return {
    view,
    put(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
    },
    goTo(number) {
      const line = view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines))
      view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: 'center' }) })
      view.focus()
    },
    remove() {
      area.hidden = false
      view.destroy()
      host.remove()
    },
  }
}

/** The library's names, those of the thing before the point first. */
function completions(known, words) {
  return (context) => {
    const line = context.state.doc.lineAt(context.pos)
    const before = line.text.slice(0, context.pos - line.from)
    const chain = CHAIN.exec(before)
    if (chain) {
      const kind = kindOf(chain[1], context.state.doc.toString(), known)
      const options = kind ? offered(membersOf(kind, known), words) : []
      return options.length ? { from: context.pos - chain[2].length, options, validFor: /^\w*$/ } : null
    }
    const word = context.matchBefore(/\w+/)
    if (!word && !context.explicit) return null
    if (IMPORTING.test(before)) return imported(word, context.pos, known)
    return { from: word?.from ?? context.pos, options: [...offered(known.names, words), ...own(context.state.doc.toString()), ...known.keywords.map((label) => ({ label, type: 'keyword' }))], validFor: /^\w*$/ }
  }
}

/** Names to import: without brackets, and nothing where the name is whole, so that Enter ends the line. */
function imported(word, pos, known) {
  const labels = Object.keys(known.names).filter((label) => label !== word?.text)
  const whole = word && word.text in known.names && !labels.some((label) => label.startsWith(word.text))
  return whole ? null : { from: word?.from ?? pos, options: labels.map((label) => ({ label, type: known.names[label].sort, info: known.names[label].doc })) }
}

function offered(members, words) {
  return Object.entries(members).map(([label, { doc, sign = '', sort }]) => {
    const about = { label, type: sort, detail: sign, info: () => explained(label, doc, words) }
    return sort === 'method' || sort === 'function' ? snippetCompletion(sign === '()' ? `${label}()` : `${label}(\${})`, about) : about
  })
}

/** What a name does, and where more of it stands. */
function explained(name, doc, words) {
  const text = document.createElement('div')
  text.append(doc, document.createElement('br'), more(name, words))
  return text
}

function more(name, words) {
  const link = document.createElement('a')
  Object.assign(link, { href: `/reference#:~:text=${encodeURIComponent(name)}`, target: '_blank', rel: 'noopener', textContent: words.reference })
  return link
}

/** Names that the program gives itself. */
function own(text) {
  const names = new Set([...text.matchAll(/^[ \t]*([A-Za-z_]\w*)[ \t]*=[^=]|\bfor[ \t]+(\w+)|\bdef[ \t]+(\w+)/gm)].map(([, a, b, c]) => a ?? b ?? c))
  return [...names].map((label) => ({ label, type: 'variable', boost: 1 }))
}

/** What the library says of the name below the mouse. */
function docstring(view, at, known, words) {
  const line = view.state.doc.lineAt(at)
  const word = /\w*$/.exec(line.text.slice(0, at - line.from))[0] + /^\w*/.exec(line.text.slice(at - line.from))[0]
  const start = at - /\w*$/.exec(line.text.slice(0, at - line.from))[0].length
  if (!word) return null
  const chain = CHAIN.exec(line.text.slice(0, start - line.from))
  const kind = chain ? kindOf(chain[1], view.state.doc.toString(), known) : null
  const found = chain ? membersOf(kind, known)[word] : known.names[word]
  if (!found?.doc) return null
  return {
    pos: start,
    end: start + word.length,
    above: true,
    create() {
      const dom = document.createElement('div')
      dom.className = 'docstring'
      const head = document.createElement('code')
      head.textContent = `${word}${found.sign ?? ''}`
      const text = document.createElement('div')
      text.textContent = found.doc
      dom.append(head, text, more(word, words))
      return { dom }
    },
  }
}
