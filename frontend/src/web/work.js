// The page of one exercise: read, write, run, submit. Whatever of it fails, the form below the text area still works.
import { Drafts } from './drafts.js'
import { Lists, Run } from './run.js'

const $ = (id) => document.getElementById(id)
const page = JSON.parse($('work').textContent)
const { words } = page
const area = $('source')
const headers = { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content }
const nonce = document.querySelector('meta[name=style-nonce]').content
const PLAIN = 'sheber-plain-editor'
let editor = null
let stage = null
let plots = null

const say = (text) => ($('status').textContent = text)

// --- the text -----------------------------------------------------------------------------------------------

const drafts = new Drafts({ address: page.draft, key: `sheber-draft-${page.assignment}-${page.person}`, text: area.value, edition: page.edition, headers })

function put(text) {
  if (editor) editor.put(text)
  else area.value = text
  drafts.take(text)
}

area.addEventListener('input', () => drafts.take(area.value))

drafts.addEventListener('state', () => {
  const told = { saved: words.saved, changed: words.changed, saving: words.saving, away: words.away, refused: drafts.sentence, conflict: words.conflict }[drafts.state]
  if ($('draft-state').textContent !== told) $('draft-state').textContent = told
  $('draft-state').classList.toggle('bad', ['away', 'refused', 'conflict'].includes(drafts.state))
  $('conflict').hidden = drafts.state !== 'conflict'
  if (drafts.state === 'conflict') {
    $('other-text').textContent = drafts.other.source
    say(words.conflict)
  }
})
$('keep-mine').addEventListener('click', () => drafts.keepMine())
$('take-other').addEventListener('click', () => put(drafts.takeOther()))

const left = drafts.left()
if (left) {
  $('left').hidden = false
  $('left-take').addEventListener('click', () => {
    put(left.text)
    $('left').hidden = true
  })
  $('left-drop').addEventListener('click', () => {
    drafts.take(drafts.saved)
    localStorage.removeItem(drafts.key)
    $('left').hidden = true
  })
}

// --- the editor -----------------------------------------------------------------------------------------------

function listProblems(found) {
  $('problems').replaceChildren(
    ...found.map(({ line, text }) => {
      const item = document.createElement('li')
      const button = document.createElement('button')
      Object.assign(button, { type: 'button', className: 'link', textContent: words.line.replace('{n}', line) })
      button.addEventListener('click', () => editor?.goTo(line))
      item.append(button, ` ${text}`)
      return item
    }),
  )
  $('problems-box').hidden = !found.length
  const count = found.length ? words.problems.replace('{n}', found.length) : words.no_problems
  if ($('problem-count').textContent !== count) $('problem-count').textContent = count
}

async function openEditor() {
  try {
    const [{ makeEditor }, known] = await Promise.all([import(page.assets.editor), fetch(page.assets.names).then((answer) => answer.json())])
    editor = makeEditor({ area, known, words: words.editor, nonce, changed: (text) => drafts.take(text), problems: listProblems })
  } catch (error) {
    console.info(error)
    plainMode(true)
  }
}

function plainMode(on) {
  $('plain').setAttribute('aria-pressed', String(on))
  if (on) {
    editor?.remove()
    editor = null
    $('problems-box').hidden = true
  } else if (!editor) openEditor()
}

function recallPlain() {
  try {
    return localStorage.getItem(PLAIN) === 'yes'
  } catch {
    return false
  }
}

$('plain').hidden = false
$('plain').addEventListener('click', () => {
  const on = $('plain').getAttribute('aria-pressed') !== 'true'
  try {
    localStorage.setItem(PLAIN, on ? 'yes' : 'no')
  } catch {
    // not remembered, nothing else
  }
  plainMode(on)
  if (on) area.focus()
})
plainMode(recallPlain())
addEventListener('load', () => setTimeout(() => import(page.assets.live).catch(() => {}), 1500)) // a short run is soon over

// --- files ----------------------------------------------------------------------------------------------------

$('upload').addEventListener('change', async ({ target }) => {
  const [file] = target.files
  target.value = ''
  if (!file) return
  const told = file.size > page.largest ? words.too_large : ''
  const text = told ? '' : await file.text()
  const bad = told || (text.includes('\0') || text.includes('\ufffd') ? words.not_text : '')
  if (bad) return warn(bad)
  put(text)
  say(words.uploaded.replace('{name}', file.name))
})
$('download').addEventListener('click', () => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([area.value], { type: 'text/x-python' }))
  link.download = page.file
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
})
$('start-again').addEventListener('click', () => window.confirm(words.start_again) && put(page.starter))

function warn(text) {
  const alert = document.createElement('p')
  alert.className = 'alert bad'
  alert.textContent = text
  $('notice').replaceChildren(alert)
  $('notice').scrollIntoView({ block: 'nearest' })
}

// --- panes ----------------------------------------------------------------------------------------------------

const panes = document.querySelectorAll('[data-pane]')
function show(name) {
  $('bench').dataset.shown = name
  panes.forEach((button) => button.setAttribute('aria-pressed', String(button.dataset.pane === name)))
}
panes.forEach((button) => button.addEventListener('click', () => show(button.dataset.pane)))

const lower = [...document.querySelectorAll('#live-tabs [role=tab]')]
const seen = () => lower.filter((one) => !one.hidden)
function choose(tab, focus) {
  lower.forEach((one) => {
    one.setAttribute('aria-selected', String(one === tab))
    one.tabIndex = one === tab ? 0 : -1
    $(one.getAttribute('aria-controls')).hidden = one !== tab
  })
  if (focus) tab.focus()
}
lower.forEach((tab) => {
  tab.addEventListener('click', () => choose(tab))
  tab.addEventListener('keydown', ({ key }) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key]
    if (by) choose(seen().at((seen().indexOf(tab) + by) % seen().length), true)
  })
})

// --- run ------------------------------------------------------------------------------------------------------

const run = new Run({ headers, address: page.runs, words })
const lists = new Lists(words)

async function start() {
  $('notice').replaceChildren()
  $('run').disabled = true
  state(words.sending)
  show('run')
  lists.clear()
  $('run-result').replaceChildren()
  $('tab-result').hidden = true
  choose($('tab-printed'))
  $('stage-empty').hidden = true
  await drafts.save()
  try {
    await run.begin(area.value, $('seed').value)
  } catch (error) {
    $('run').disabled = false
    state('')
    warn(error.message || words.away)
  }
}

function state(text) {
  $('run-state').textContent = text
}

run.addEventListener('state', ({ detail }) => state(detail.words))
run.addEventListener('again', () => {
  lists.clear()
  stage = null
})
let order = Promise.resolve() // pieces are shown one after another, also while the 3D picture is made
run.addEventListener('piece', ({ detail }) => {
  lists.take(detail)
  if ($('run-state').textContent !== words.computing) state(words.computing)
  order = order.then(() => watch(detail)).catch((error) => console.info(error))
})

async function watch({ stage: about, time, moves, plots: curves }) {
  if (about) await build(about)
  if (!stage && time !== undefined) clock(time)
  if (moves) stage?.take(moves)
  if (!curves?.length) return
  await drawing()
  plots.take(curves)
}

function clock(time) {
  $('live-clock').textContent = `${time.toFixed(2)} s`
}

run.addEventListener('done', ({ detail }) => {
  $('run').disabled = false
  state(detail.words)
  order = order.then(() => stage?.hurry())
  $('run-result').innerHTML = detail.html // our own template, everything in it escaped
  $('tab-result').hidden = false
  choose($('tab-result'))
  say(detail.words)
})
run.addEventListener('lost', () => {
  $('run').disabled = false
  state(words.lost)
})

async function drawing() {
  const drawn = await import(page.assets.live)
  plots ??= new drawn.LivePlots({ box: $('live-plot'), tabs: $('live-plot-tabs'), words })
  return drawn
}

async function build(about) {
  $('stage-empty').firstElementChild.textContent = words.loading
  $('stage-empty').hidden = false
  const { makeLiveStage } = await drawing()
  plots.plots = []
  const fresh = document.createElement('canvas')
  fresh.id = 'stage-canvas'
  fresh.setAttribute('role', 'img')
  fresh.setAttribute('aria-label', $('stage-canvas').getAttribute('aria-label'))
  fresh.tabIndex = 0
  $('stage-canvas').replaceWith(fresh) // a canvas keeps its first context
  $('stage-labels').replaceChildren()
  stage = about.drawn ? await makeLiveStage({ address: run.scene, about, canvas: fresh, labels: $('stage-labels'), others: [], clock }) : null
  $('stage-empty').hidden = true
  $('stage-none').hidden = Boolean(stage)
  colours()
  window.sheber = { stage, plots, drafts, run } // for tests and for the curious
}

function colours() {
  const style = getComputedStyle($('stage-view'))
  stage?.stage.colours(style.getPropertyValue('--floor').trim(), style.colorScheme === 'dark')
}
document.addEventListener('theme', colours)

$('run').hidden = false
$('run').addEventListener('click', start)
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !$('run').disabled) {
    event.preventDefault()
    start()
  }
})
if (page.running) {
  run.follow(page.running)
  show('run')
}

// --- submit ---------------------------------------------------------------------------------------------------

$('submit-form').addEventListener('submit', () => void drafts.save())
$('bench').classList.add('alive')
window.sheber = { drafts, run }
