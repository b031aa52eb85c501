// The choice between two texts: both are shown side by side, and what was in the editor can be had back.
const $ = (id) => document.getElementById(id)

/** Show `offered` beside `present`; true where the person takes the offered one. newer: whether the present one was
 *  worked on since the offered one came up. */
export function choose(offered, present, newer) {
  const box = $('choice')
  fill($('choice-offered'), offered, present)
  fill($('choice-present'), present, offered)
  $('choice-newer').hidden = !newer
  box.returnValue = ''
  box.showModal()
  $('choice-keep').focus()
  return new Promise((resolve) => box.addEventListener('close', () => resolve(box.returnValue === 'take'), { once: true }))
}

/** A text by lines; those that the other one has not are marked. */
function fill(list, text, other) {
  const known = new Set(other.split('\n'))
  list.replaceChildren(
    ...text.replace(/\n$/, '').split('\n').map((line) => {
      const item = document.createElement('li')
      item.textContent = line
      item.classList.toggle('differs', !known.has(line))
      return item
    }),
  )
}
