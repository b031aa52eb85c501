// Times in the reader's manner, in the time zone that the page names; it says them in words for those without scripts.
// Where the reader's own clock shows another time, the zone is said beside it.
const manner = () => {
  const language = document.documentElement.lang
  const own = navigator.languages.find((tag) => tag.split('-')[0] === language.split('-')[0])
  return own && own !== 'en' ? own : language === 'en' ? 'en-GB' : language // "en" alone is no country's manner
}

const offset = (when, zone) => {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts(when)
  return parts.find((part) => part.type === 'timeZoneName').value.replace('GMT', 'UTC')
}

export function putTimes(part) {
  const language = manner()
  for (const time of part.querySelectorAll('time[data-zone]')) {
    const when = new Date(time.dateTime)
    const zone = time.dataset.zone
    try {
      const there = offset(when, zone)
      const text = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(when)
      time.textContent = there === offset(when) ? text : `${text} (${there})`
      time.title = zone
    } catch {
      // a zone that this browser does not know: the page's own words stay
    }
    time.removeAttribute('data-zone')
  }
}
