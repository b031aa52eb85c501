// The report page: brings the written page to life. Whatever of it fails, the words stay.
import { Diagrams } from './diagrams.js'
import { Follower, makeTabs } from './panels.js'
import { Player } from './player.js'
import { Plots } from './plots.js'
import { Stage } from './stage.js'
import { makeTheme } from './theme.js'
import { Timeline } from './timeline.js'
import { listenToKeys } from './keys.js'

const $ = (id) => document.getElementById(id)
const run = JSON.parse($('run').textContent)
const player = new Player(run.duration, run.sample)
const calm = matchMedia('(prefers-reduced-motion: reduce)')

/** The 3D picture; null where the station has nothing to draw, or the browser cannot. */
function makeStage() {
  if (!$('canvas')) return null
  try {
    const stage = new Stage({ canvas: $('canvas'), labels: $('labels'), glb: $('glb').textContent, run, others: [$('caption'), $('inset'), $('tools')] })
    $('canvas').addEventListener('webglcontextlost', () => notice(run.words.lost_3d))
    player.addEventListener('time', () => stage.show(player.time))
    return stage
  } catch (error) {
    console.info(error.message)
    notice(run.words.no_3d)
    $('view').classList.add('without')
    $('tools').hidden = true
    return null
  }
}

function notice(text) {
  $('notice').textContent = text
  $('notice').hidden = false
}

/** To a moment, with the replay in sight. */
function jump(time, loss) {
  player.pause()
  player.seek(time)
  for (const item of document.querySelectorAll('.loss.chosen')) item.classList.remove('chosen')
  const chosen = document.querySelector(`[data-loss="${loss}"]`)?.closest('.loss')
  chosen?.classList.add('chosen')
  chosen?.closest('details')?.setAttribute('open', '')
  const { top, bottom } = $('view').getBoundingClientRect()
  if (framed) return parent.postMessage({ show: top }, '*')
  if (top < 0 || bottom > innerHeight) $('view').scrollIntoView({ behavior: calm.matches ? 'auto' : 'smooth', block: 'start' })
}

const framed = parent !== window

/**
 * In a page of the school the page around has the header and scrolls: the report is as high as what is in it, and its
 * player stands below the picture. The page around is told numbers and nothing else: the moment, the height, and where
 * the picture is that is to be seen.
 */
function makeFramed() {
  document.documentElement.classList.add('framed')
  $('view').after($('transport'))
  fold($('checks-title').closest('section'))
  let wanted = asked() !== null
  const show = () => parent.postMessage({ show: $('view').getBoundingClientRect().top }, '*')
  addEventListener('message', ({ source, data }) => {
    if (source !== parent || !(data?.screen >= 200 && data.screen <= 9000)) return
    document.documentElement.style.setProperty('--screen', `${data.screen}px`)
    if (wanted) setTimeout(show, 100) // once the page around has made room
    wanted = false
  })
  new ResizeObserver(() => parent.postMessage({ height: Math.ceil(document.body.getBoundingClientRect().height) }, '*')).observe(document.body)
  player.addEventListener('time', () => parent.postMessage({ moment: player.time }, '*'))
}

/** What stands under the title of a section is opened by a press on it. */
function fold(section) {
  const details = document.createElement('details')
  const summary = document.createElement('summary')
  summary.append(section.firstElementChild)
  details.append(summary, ...section.children)
  section.classList.add('folded')
  section.append(details)
}

function makeJumps() {
  for (const button of document.querySelectorAll('[data-time]')) {
    button.hidden = false
    button.disabled = false
    const { time, loss } = button.dataset
    button.addEventListener('click', () => jump(Number(time), loss === undefined ? undefined : Number(loss)))
  }
}

function makeTransport(stage, follower) {
  $('transport').hidden = false
  if (stage) $('tools').hidden = false
  $('play').addEventListener('click', () => player.toggle())
  player.addEventListener('state', () => {
    $('play').classList.toggle('playing', player.playing)
    $('play').setAttribute('aria-label', player.playing ? run.words.pause : run.words.play)
  })
  player.addEventListener('time', () => ($('clock').textContent = player.time.toFixed(2)))
  $('rate').addEventListener('change', () => (player.rate = Number($('rate').value)))
  toggle($('show-frames'), (on) => stage?.setFrames(on))
  toggle($('show-path'), (on) => stage?.setPath(on))
  toggle($('follow'), (on) => stage?.follow(on))
  toggle($('show-inset'), (on) => {
    follower.insetOn = on
    follower.follow()
  })
  $('canvas')?.addEventListener('turned', () => ($('look').value = ''))
  $('look')?.addEventListener('change', () => look(stage, $('look').value))
}

/** A view of the stage; with the tool's view the camera goes with the tool. */
function look(stage, name) {
  stage?.look(name)
  if ((name === 'tool') !== ($('follow').getAttribute('aria-pressed') === 'true')) $('follow').click()
}

function toggle(button, act) {
  button?.addEventListener('click', () => {
    const on = button.getAttribute('aria-pressed') !== 'true'
    button.setAttribute('aria-pressed', String(on))
    act(on)
  })
}

function help() {
  $('help').showModal()
}

/** The moment that the address asks for: #t=12.5; null where it asks for none. */
function asked() {
  const found = /^#t=(\d{1,7}(?:\.\d{1,3})?)$/.exec(location.hash)
  return found ? Math.min(Number(found[1]), run.duration) : null
}

document.documentElement.classList.add('alive')
makeJumps()
const stage = makeStage()
const timeline = new Timeline({ player, run, jump })
const plots = new Plots({ player, run })
const follower = new Follower({ player, run })
new Diagrams(player)
makeTabs(() => follower.reveal())
makeTransport(stage, follower)
makeTheme(run.words, () => {
  const style = getComputedStyle($('view'))
  stage?.colours(style.getPropertyValue('--floor').trim(), style.colorScheme === 'dark')
  timeline.draw()
  if (run.plots.length) plots.build()
}, framed)
listenToKeys({ player, run, help })
$('help-open').hidden = false
$('help-open').addEventListener('click', help)
$('help-close').addEventListener('click', () => $('help').close())
if (stage && !stage.tool) for (const item of [$('follow'), $('look').querySelector('[value=tool]')]) item.hidden = true
if (framed) makeFramed()
player.seek(asked() ?? run.opening)
window.sheber = { player, stage, plots } // for tests and for the curious
