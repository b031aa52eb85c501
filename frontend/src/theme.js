// Light, dark, or as the system says; remembered where the browser lets a page do so.
const NAMES = ['auto', 'light', 'dark']
const KEY = 'sheber-theme'

export function makeTheme(words, changed) {
  const button = document.getElementById('theme')
  const system = matchMedia('(prefers-color-scheme: dark)')
  let name = recall()
  const apply = () => {
    if (name === 'auto') document.documentElement.removeAttribute('data-theme')
    else document.documentElement.dataset.theme = name
    button.textContent = words[name]
    button.setAttribute('aria-label', words.theme.replace('{name}', words[name]))
    changed()
  }
  button.hidden = false
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
