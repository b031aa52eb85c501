// The page of one exercise: read, write, run, submit. Whatever of it fails, the form below the text area still works.
import { choose as chooseText } from './choice.js'
import { Drafts } from './drafts.js'
import { Lists, Run } from './run.js'

const $ = (id) => document.getElementById(id)
const page = JSON.parse($('work').textContent)
const { words } = page
const area = $('source')
const headers = { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content }
const nonce = document.querySelector('meta[name=style-nonce]').content
const PLAIN = 'sheber-plain-editor'
const PATIENCE = 1500 // ms that a program that is handed in waits for its last save
let editor = null
let stage = null
let plots = null

const say = (text) => ($('status').textContent = text)

// --- the text -----------------------------------------------------------------------------------------------

const drafts = new Drafts({ address: page.draft, key: `sheber-draft-${page.assignment}-${page.person}`, text: area.value, edition: page.edition, headers })

let placing = false // a text is put in, and nobody types

function put(text) {
  placing = true
  if (editor) editor.put(text)
  else area.value = text
  placing = false
  drafts.take(text)
}

/** Put another text in the place of this one, which can be had back. */
function replace(text) {
  drafts.aside = area.value
  put(text)
  $('replaced').hidden = false
  offerAside()
}

function offerAside() {
  $('aside-take').hidden = !drafts.aside || drafts.aside === area.value
}

let left = drafts.left()
let worked = false // since the page was opened

function typed(text) {
  if (!placing) workOn()
  drafts.take(text)
}

/** Who works on has chosen: notices go, and a text that was offered stays under File. */
function workOn() {
  worked = true
  $('replaced').hidden = true
  if (left) setAside()
}

function setAside() {
  drafts.aside = left.text
  left = null
  localStorage.removeItem(drafts.key)
  $('left').hidden = true
  if (area.value !== drafts.saved) drafts.take(area.value)
  offerAside()
}

area.addEventListener('input', () => typed(area.value))

drafts.addEventListener('state', () => {
  const told = { saved: words.saved, changed: words.changed, saving: words.saving, away: words.away, refused: drafts.sentence, conflict: words.conflict }[drafts.state]
  if ($('draft-state').textContent !== told) $('draft-state').textContent = told
  $('draft-state').classList.toggle('bad', ['away', 'refused'].includes(drafts.state))
  $('draft-state').hidden = drafts.state === 'conflict' // the notice says it
  $('conflict').hidden = drafts.state !== 'conflict'
  if (drafts.state === 'conflict') {
    if (left) setAside() // one question at a time
    $('replaced').hidden = true
    say(words.conflict)
  }
})
$('keep-mine').addEventListener('click', () => {
  drafts.aside = drafts.other.source
  drafts.keepMine()
  offerAside()
})
$('take-other').addEventListener('click', async () => {
  if (await chooseText(drafts.other.source, area.value, true)) replace(drafts.takeOther())
})

if (left?.follows) {
  put(left.text) // the last words of this browser, on top of what the server has
  left = null
}
$('left').hidden = !left
$('left-take').addEventListener('click', async () => {
  const { text } = left
  if (!(await chooseText(text, area.value, worked))) return
  left = null
  $('left').hidden = true
  localStorage.removeItem(drafts.key)
  replace(text)
})
$('left-drop').addEventListener('click', setAside)
$('aside-take').addEventListener('click', async () => {
  if (await chooseText(drafts.aside, area.value, true)) replace(drafts.aside)
})
$('replaced-undo').addEventListener('click', () => {
  replace(drafts.aside)
  $('replaced').hidden = true
})
offerAside()

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
    editor = makeEditor({ area, known, words: words.editor, nonce, changed: typed, problems: listProblems })
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
  replace(text)
  say(words.uploaded.replace('{name}', file.name))
})
$('download').addEventListener('click', () => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([area.value], { type: 'text/x-python' }))
  link.download = page.file
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
})
$('start-again').addEventListener('click', () => window.confirm(words.start_again) && replace(page.starter))

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

const run = new Run({ headers, address: page.runs, api: page.api, words })
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
  empty()
  await drafts.save()
  try {
    await run.begin(area.value, $('seed').value)
    $('stop').hidden = $('stop').disabled = false
  } catch (error) {
    $('run').disabled = false
    state('')
    warn(error.message || words.away)
  }
}

function state(text) {
  $('run-state').textContent = text
  $('run-now').hidden = !text
}

/** Nothing of the run before stays to be seen. */
function empty() {
  stage?.close()
  stage = null
  fresh()
  plots?.clear()
  $('live-clock').textContent = ''
  $('stage-none').hidden = true
  note(words.no_picture_yet)
}

function note(text) {
  const told = document.createElement('p')
  told.textContent = text
  $('stage-empty').replaceChildren(told)
  $('stage-empty').hidden = false
}

let ticking = 0
function tick(since) {
  clearInterval(ticking)
  const show = () => ($('run-time').textContent = `${Math.floor((performance.now() - since) / 1000)} s`)
  show()
  ticking = setInterval(show, 1000)
}

/** The run has ended, or nothing is heard of it any more. */
function over(text) {
  clearInterval(ticking)
  $('run-time').textContent = ''
  $('run').disabled = false
  $('stop').hidden = true
  state(text)
}

run.addEventListener('state', ({ detail }) => {
  state(detail.words)
  if (Number.isFinite(detail.runs_s)) tick(performance.now() - 1000 * detail.runs_s)
})
run.addEventListener('again', () => {
  lists.clear()
  stage?.close()
  stage = null
})
$('stop').addEventListener('click', () => {
  $('stop').disabled = true
  state(words.stopping)
  run.stop()
})
$('run-result').addEventListener('click', ({ target }) => {
  const scene = target.closest('[data-scene]')?.dataset.scene
  if (!scene || $('run').disabled) return
  $('seed').value = scene
  start()
})
let order = Promise.resolve() // pieces are shown one after another, also while the 3D picture is made
run.addEventListener('piece', ({ detail }) => {
  lists.take(detail)
  if (![words.computing, words.stopping].includes($('run-state').textContent)) state(words.computing)
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
  lists.at(time)
}

run.addEventListener('done', ({ detail }) => {
  over(detail.words)
  order = order.then(() => (stage ? stage.hurry() : $('stage-none').hidden && note(words.no_picture)))
  $('run-result').innerHTML = detail.html // our own template, everything in it escaped
  $('tab-result').hidden = false
  choose($('tab-result'))
  say(detail.words)
})
run.addEventListener('lost', () => over(words.lost))

async function drawing() {
  const drawn = await import(page.assets.live)
  plots ??= new drawn.LivePlots({ box: $('live-plot'), tabs: $('live-plot-tabs'), words })
  return drawn
}

async function build(about) {
  note(words.loading)
  const { makeLiveStage } = await drawing()
  plots.plots = []
  const canvas = fresh()
  canvas.tabIndex = 0
  stage = about.drawn ? await makeLiveStage({ address: run.scene, about, canvas, labels: $('stage-labels'), others: [], clock }) : null
  $('stage-empty').hidden = true
  $('stage-none').hidden = Boolean(stage)
  colours()
  window.sheber = { stage, plots, drafts, run } // for tests and for the curious
}

/** A new canvas: one keeps its first context, and its last picture. */
function fresh() {
  const canvas = document.createElement('canvas')
  canvas.id = 'stage-canvas'
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', $('stage-canvas').getAttribute('aria-label'))
  $('stage-canvas').replaceWith(canvas)
  $('stage-labels').replaceChildren()
  return canvas
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
  empty()
  $('run').disabled = true
  run.follow(page.running)
  $('stop').hidden = false
  show('run')
}

// --- submit ---------------------------------------------------------------------------------------------------

// The last words are saved before they are handed in: so a text of another window is met, and can be had back.
$('submit-form').addEventListener('submit', async (event) => {
  if (drafts.goes || drafts.settled) return drafts.handIn()
  event.preventDefault()
  await Promise.race([drafts.save(), new Promise((done) => setTimeout(done, PATIENCE))])
  drafts.handIn()
  HTMLFormElement.prototype.submit.call(event.target) // its button has the name submit
})
$('bench').classList.add('alive')
window.sheber = { drafts, run }
