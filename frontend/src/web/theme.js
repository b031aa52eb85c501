// Light, dark, or as the system says. A cookie, so that the server writes it into the page before it is painted.
const NAMES = ['auto', 'light', 'dark']
const SIGNS = { auto: '◐', light: '☀\ufe0e', dark: '☾' } // where there is no room for words

export function makeTheme() {
  const button = document.getElementById('theme')
  if (!button) return
  const words = JSON.parse(button.dataset.words)
  let name = document.documentElement.dataset.theme ?? 'auto'
  const apply = () => {
    if (name === 'auto') document.documentElement.removeAttribute('data-theme')
    else document.documentElement.dataset.theme = name
    const told = words.theme.replace('{name}', words[name])
    button.replaceChildren(...[['long', told], ['short', SIGNS[name]]].map(([kind, text]) => Object.assign(document.createElement('span'), { className: kind, textContent: text })))
    button.setAttribute('aria-label', told)
    button.title = words.next.replace('{name}', words[NAMES[(NAMES.indexOf(name) + 1) % NAMES.length]])
    document.dispatchEvent(new Event('theme'))
  }
  button.hidden = false
  button.addEventListener('click', () => {
    name = NAMES[(NAMES.indexOf(name) + 1) % NAMES.length]
    document.cookie = `theme=${name}; path=/; max-age=31536000; samesite=lax`
    apply()
  })
  apply()
}
