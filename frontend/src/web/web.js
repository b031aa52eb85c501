// Every page: parts that ask the server (htmx), light and dark, times in the reader's own zone, what is said aloud.
import htmx from 'htmx.org'
import { makeFrame } from './frame.js'
import { makeTheme } from './theme.js'
import { putTimes, readFields } from './times.js'

// Attributes that hold code are never run: the server's policy forbids it, and so do we.
htmx.registerExtension('no-code', {
  init(api) {
    const refused = function () {
      throw new Error('code in an attribute is not run here')
    }
    api.initSecurity(null, refused, refused)
  },
})

const token = document.querySelector('meta[name=csrf-token]')?.content ?? ''
document.addEventListener('htmx:config:request', ({ detail }) => {
  detail.ctx.request.headers['X-CSRF-Token'] = token
})
document.addEventListener('htmx:after:swap', () => putTimes(document))

/** Say something to those who listen to the page; it is also seen where `seen` is true. */
export function say(text) {
  const status = document.getElementById('status')
  if (status) status.textContent = text
}

// One menu at a time, closed by Escape and by a press elsewhere.
const menus = () => document.querySelectorAll('details.menu[open]')
document.addEventListener('click', ({ target }) => menus().forEach((menu) => menu.contains(target) || menu.removeAttribute('open')))
document.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape') return
  menus().forEach((menu) => {
    menu.removeAttribute('open')
    menu.querySelector('summary').focus()
  })
})

// A form is sent once: a second press while the first is on its way does nothing.
document.addEventListener('submit', (event) => {
  const { target } = event
  if (event.defaultPrevented || target.method === 'dialog') return
  const sure = event.submitter?.dataset.sure ?? target.dataset.sure
  if (sure && !window.confirm(sure)) return event.preventDefault()
  if (target.dataset.sent) return event.preventDefault()
  target.dataset.sent = 'yes'
  setTimeout(() => delete target.dataset.sent, 4000)
})

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = !navigator.clipboard
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href)
    say(button.dataset.done)
    button.textContent = button.dataset.done
  })
}

makeTheme()
makeFrame()
putTimes(document)
readFields()
document.documentElement.classList.add('alive')
