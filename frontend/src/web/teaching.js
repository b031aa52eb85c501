// Pages of teachers and administrators: the gradebook's grid, comments at a moment, small comforts.
// Everything works without it: links, forms and tables are the page's own.
import { makeGrid } from './grid.js'
import { makeComments } from './moments.js'
import { putTimes } from './times.js'

const LATER = 3000 // ms

document.querySelector('.tabs [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' })
makeComments()
makeGrid(document.getElementById('book'))

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}

// A line's number leads to the form, with the line filled in.
for (const button of document.querySelectorAll('[data-line]')) {
  button.hidden = false
  button.addEventListener('click', () => {
    const field = document.getElementById('f-line')
    field.closest('details').open = true
    field.value = button.dataset.line
    const text = document.getElementById('f-comment')
    text.focus()
    text.scrollIntoView({ block: 'center' })
  })
}

// All rows at once; the form of what is done with them follows the table.
const every = document.getElementById('every')
every?.addEventListener('change', () => {
  for (const box of document.querySelectorAll('[name=person][form=move]')) box.checked = every.checked
})

// A regrade that runs: its part of the page is asked for until it has ended.
const regrade = document.querySelector('[data-renew]')
async function renew() {
  const answer = await fetch(regrade.dataset.renew, { headers: { 'HX-Request': 'true' } }).catch(() => null)
  if (answer?.ok) {
    regrade.innerHTML = await answer.text() // our own template, everything in it escaped
    putTimes(regrade)
  }
  if (regrade.querySelector('[data-state]')?.dataset.state === 'running') setTimeout(renew, LATER)
}
if (regrade) setTimeout(renew, LATER)
