// Light, dark, or as the system says; remembered where the browser lets a page do so.
const NAMES = ['auto', 'light', 'dark']
const KEY = 'sheber-theme'

/** The button of a page; in a page of the school the page around says which, and has the button. */
export function makeTheme(words, changed, framed) {
  const button = document.getElementById('theme')
  const system = matchMedia('(prefers-color-scheme: dark)')
  let name = recall()
  const apply = () => {
    if (name === 'auto') document.documentElement.removeAttribute('data-theme')
    else document.documentElement.dataset.theme = name
    button.textContent = words.theme.replace('{name}', words[name])
    button.title = words.next.replace('{name}', words[NAMES[(NAMES.indexOf(name) + 1) % NAMES.length]])
    changed()
  }
  if (framed) {
    addEventListener('message', ({ source, data }) => {
      if (source !== parent || !NAMES.includes(data?.theme)) return
      name = data.theme
      apply()
    })
  }
  button.hidden = framed
  button.addEventListener('click', () => {
    name = NAMES[(NAMES.indexOf(name) + 1) % NAMES.length]
    remember(name)
    apply()
  })
  system.addEventListener('change', apply)
  apply()
}

function recall() {
  try {
    const name = localStorage.getItem(KEY)
    return NAMES.includes(name) ? name : 'auto'
  } catch {
    return 'auto' // a page opened from a file may have no storage
  }
}

function remember(name) {
  try {
    localStorage.setItem(KEY, name)
  } catch {
    // not remembered, nothing else
  }
}
