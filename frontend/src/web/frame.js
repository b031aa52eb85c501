// A report in a frame of a page: it has no button for the colours of its own, and follows those of the page. It has no
// scroll bar of its own either: it tells how high it is, and where the picture is that is to be seen.
const [LOWEST, HIGHEST] = [200, 20000] // px

/** A number of a message of this frame, within bounds; null for anything else. */
const within = (value, low, high) => (typeof value === 'number' && value >= low && value <= high ? value : null)

export function makeFrame() {
  const frame = document.querySelector('iframe.report')
  if (!frame) return
  const tell = (what) => frame.contentWindow.postMessage(what, '*') // no secret; its origin is null
  const tellTheme = () => tell({ theme: document.documentElement.dataset.theme ?? 'auto' })
  const tellScreen = () => tell({ screen: innerHeight })
  document.addEventListener('theme', tellTheme)
  addEventListener('resize', tellScreen)
  let there = false
  addEventListener('message', ({ source, data }) => {
    if (source !== frame.contentWindow) return
    if (!there) {
      there = true
      tellTheme()
      tellScreen()
    }
    const height = within(data?.height, LOWEST, HIGHEST)
    if (height !== null) frame.style.blockSize = `${height}px`
    const show = within(data?.show, 0, HIGHEST)
    if (show !== null) bring(frame, show)
  })
}

/** Scroll so far that this place of the frame is in the upper half of the window. */
function bring(frame, place) {
  const top = frame.getBoundingClientRect().top + place
  if (top < 0 || top > innerHeight / 2) scrollBy({ top: top - 12, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' })
}
